/** The one catalogue: every text of every page, Chinese first, then English. */

import { VEHICLE_WORDS } from "../gen/vehicle_words";
import { ADMIN } from "./messages/admin";
import { ADMIN_ACCOUNTS } from "./messages/admin_accounts";
import { ADMIN_HEALTH } from "./messages/admin_health";
import { ADMIN_RETIRE } from "./messages/admin_retire";
import { ADOPT } from "./messages/adopt";
import { COMMON } from "./messages/common";
import { DESK } from "./messages/desk";
import { FACTS } from "./messages/facts";
import { HUBS } from "./messages/hubs";
import { LEADER } from "./messages/leader";
import { MOBILE } from "./messages/mobile";
import { PAST } from "./messages/past";
import { RECORDINGS } from "./messages/recordings";
import { REFUSALS } from "./messages/refusals";
import { REFUSALS_CAMERAS } from "./messages/refusals_cameras";
import { REFUSALS_VEHICLES } from "./messages/refusals_vehicles";
import { REHEARSAL } from "./messages/rehearsal";
import { VEHICLES } from "./messages/vehicles";
import { VEHICLES_REVIEW } from "./messages/vehicles_review";
import { VEHICLES_RULES } from "./messages/vehicles_rules";
import { VEHICLES_SEARCH } from "./messages/vehicles_search";
import { VEHICLES_LIBRARIES } from "./messages/vehicles_libraries";
import { VEHICLES_WATCHES } from "./messages/vehicles_watches";
import { VIDEO } from "./messages/video";
import { VIID } from "./messages/viid";
import { WALL } from "./messages/wall";
import { WORDS } from "./messages/words";

export const MESSAGES = { ...COMMON, ...WORDS, ...FACTS, ...WALL, ...DESK, ...LEADER, ...MOBILE, ...REHEARSAL, ...PAST, ...VIDEO, ...ADOPT, ...RECORDINGS, ...VEHICLE_WORDS, ...VEHICLES, ...VEHICLES_REVIEW, ...VEHICLES_RULES, ...VEHICLES_WATCHES, ...VEHICLES_LIBRARIES, ...VEHICLES_SEARCH, ...VIID, ...HUBS, ...ADMIN, ...ADMIN_ACCOUNTS, ...ADMIN_HEALTH, ...ADMIN_RETIRE, ...REFUSALS, ...REFUSALS_CAMERAS, ...REFUSALS_VEHICLES } as const;

export type Key = keyof typeof MESSAGES;
