/** Fields of `chorus.v1.Answer`, as tags: number × 8 + wire type 2. */
export const rememberedTag = { gates: 0x2a, recommend: 0x52 } as const;
