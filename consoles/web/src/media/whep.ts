/** The live player under the name that screens know it by. */

export { FROZEN_AFTER_MS, LivePlayer as WhepPlayer, type VideoState } from "./player";
