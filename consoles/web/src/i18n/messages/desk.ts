/** Texts of the desk console. */

export const DESK = {} as const;
