/** The headers of a record that has none; one object for all of them. */
export const noHeaders: Readonly<Record<string, string>> = Object.freeze({});
