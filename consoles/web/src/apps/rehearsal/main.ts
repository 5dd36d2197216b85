/** The rehearsal console: with `?space=rehearsal-…` the director's screen of that one, without it where they are begun and replayed. */

import { spaceOfPage } from "../console";
import { show } from "../page";
import "./director";
import "./lobby";

show(spaceOfPage() === "live" ? "app-rehearsals" : "app-director");
