/** The rehearsal console: the director's screen, and the replay of what was. */

import { show } from "../page";

show("t-state");
