/** The tenant of every record, key and message until callers are told apart by authentication. */
export const publicTenant = 'public';
