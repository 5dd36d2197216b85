/** Texts of the wall console. */

export const WALL = {} as const;
