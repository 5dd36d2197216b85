/** Texts of the mobile console. */

export const MOBILE = {} as const;
