/** Texts of the rehearsal console. */

export const REHEARSAL = {} as const;
