// Generated from command/wire.py by `make types`. Do not edit.

/** A change of an account, or of a device's token; `name` is the account, the device, or `agent:` and an agent. */
export interface AccountChange {
  at_ms: number;
  by: string;
  what: "added" | "disabled" | "display" | "enabled" | "own_password" | "password" | "roles" | "token" | "token_revoked" | "unit";
  name: string;
  detail: string;
}

/** The newest changes, the newest first. */
export interface AccountChanges {
  changes: AccountChange[];
}

/** An account as administrators list it. */
export interface AccountInfo {
  name: string;
  display: string;
  roles: ("administrator" | "call_taker" | "camera_watch" | "commander" | "device" | "director" | "dispatcher" | "duty_leader" | "exchange" | "hub" | "officer" | "service" | "wall")[];
  unit: string;
  disabled: boolean;
}

/** Every account, by name. */
export interface AccountList {
  accounts: AccountInfo[];
}

/** Whose an account is from now on, and of which unit; what is null or left out stays. */
export interface AccountPerson {
  display: string | null;
  unit: string | null;
}

/** The roles that an account has from now on, and no others. */
export interface AccountRoles {
  roles: ("administrator" | "call_taker" | "camera_watch" | "commander" | "device" | "director" | "dispatcher" | "duty_leader" | "exchange" | "hub" | "officer" | "service" | "wall")[];
}

/** Whether an account is shut out. */
export interface AccountState {
  disabled: boolean;
}

/** Run it for a situation. */
export interface ActivatePlan {
  request: "activate_plan";
  plan: string;
  situation: string;
}

/** A plan running for a situation. */
export interface ActivationRow {
  plan: string;
  situation: string;
  state: "active" | "completed" | "stood_down";
  phase: string;
  phase_started_ms: number;
  activated_ms: number;
  activated_by: string;
  definition: PlanDefinition;
  id: string;
}

/** Who is signed in. */
export interface ActorInfo {
  id: string;
  name: string;
  roles: ("administrator" | "call_taker" | "camera_watch" | "commander" | "device" | "director" | "dispatcher" | "duty_leader" | "exchange" | "hub" | "officer" | "service" | "wall")[];
  unit: string;
}

/** All of it, of the hub that was asked. What nobody can tell just now is None. */
export interface AdminHealth {
  status: "degraded" | "not_ready" | "ready";
  wrong: string[];
  degraded: string[];
  hub: string;
  version: string;
  started_at_ms: number;
  now_ms: number;
  journal: JournalHealth;
  readings: ReadingsHealth;
  backup: BackupHealth;
  disks: DiskHealth[];
  links: LinkHealth[];
  consoles: number;
  devices: number;
}

/** An alarm; gone from the table once cleared. */
export interface AlarmRow {
  kind: "approval_overdue" | "approval_warning" | "camera_down" | "device_alarm" | "entered_forbidden" | "left_area" | "library_failing" | "link_down" | "order_unsigned" | "plate_hit" | "reading_worse" | "recording_failing" | "sos" | "stood_still" | "task_overdue" | "watch_doubtful" | "went_silent";
  level: 1 | 2 | 3 | 4;
  subject: string;
  situation: string;
  state: "raised" | "shelved" | "taken";
  raised_ms: number;
  count: number;
  lat: number | null;
  lon: number | null;
  detail: string;
  taken_by: string;
  shelved_until_ms: number | null;
  shelved_why: string;
  escalated: boolean;
  id: string;
}

/** Take a ringing call. */
export interface AnswerCall {
  request: "answer_call";
  call: string;
}

/** The situations a plan is for: of one of `kinds`, `lowest_level` or graver, inside the fence `area` if named. */
export interface Applicability {
  kinds: ("accident" | "natural_disaster" | "public_health" | "public_security")[];
  lowest_level: 1 | 2 | 3 | 4;
  place?: Bilingual | null;
  area?: string | null;
}

/** A leader's yes that the task needs: asked for when it opens, yellow `warn_min` after that, red at `due_min`. */
export interface Approval {
  item: Bilingual;
  due_min: number;
  warn_min: number;
}

/** Something waiting for a yes, or decided. */
export interface ApprovalRow {
  item: string;
  subject: string;
  situation: string;
  requested_by: string;
  requested_ms: number;
  warn_ms: number;
  due_ms: number;
  state: "granted" | "refused" | "waiting";
  warned: boolean;
  overdue: boolean;
  decided_by: string;
  decided_ms: number | null;
  why: string;
  id: string;
}

/** Put the file in force that waits; not by who brought it. */
export interface ApproveLibrary {
  request: "approve_library";
  library: string;
  sha256: string;
}

/** Put the terms in force that wait; not by who offered them. */
export interface ApproveLibraryTerms {
  request: "approve_library_terms";
  library: string;
  terms: string;
}

/** Grant it; not by who asked. */
export interface ApproveWatch {
  request: "approve_watch";
  watch: string;
}

/** Grant many; those that are in force already stay so. */
export interface ApproveWatches {
  request: "approve_watches";
  watches: string[];
}

/** The newest good backup of those that the hub makes by itself; `folder` is None where it makes none. */
export interface BackupHealth {
  folder: string | null;
  last_at_ms: number | null;
  bytes: number | null;
  seq: number | null;
  every_ms: number | null;
  trouble: string | null;
}

/** The hub's clock, and whether it can record: in each second without rows. Three seconds without a word are stale. */
export interface Beat {
  type: "beat";
  seq: number;
  now_ms: number;
  accepting: boolean;
  behind_ms: number;
}

/** The same words in Chinese, which come first on every screen, and in English. */
export interface Bilingual {
  zh: string;
  en: string;
}

/** What an upload is answered: the name under which the file is kept. */
export interface BlobInfo {
  sha256: string;
  size: number;
  media_type: string;
}

/** A call and its steps. */
export interface CallRow {
  dialled: "110" | "119" | "120" | "122";
  caller: string;
  state: "abandoned" | "answered" | "ended" | "ringing";
  arrived_ms: number;
  subscriber: string;
  address: string;
  place: Place | null;
  answered_ms: number | null;
  answered_by: string;
  hung_up_ms: number | null;
  ended_ms: number | null;
  form: Record<string, string>;
  situation: string;
  linked_why: string;
  outcome: "duplicate" | "hoax" | "inquiry" | "misdial" | "situation" | null;
  outcome_why: string;
  id: string;
}

/** A camera that a car will pass next, and in how many seconds. */
export interface CameraAhead {
  camera: string;
  distance_m: number;
  expected_s: number;
}

/** A camera, and whether pictures arrive. */
export interface CameraRow {
  name: string;
  lat: number;
  lon: number;
  bearing_deg: number;
  field_deg: number;
  reads_plates: boolean;
  state: "down" | "unknown" | "up";
  since_ms: number;
  reason: string;
  recording: RecordingPolicy;
  id: string;
}

/** An open situation that a call may be about, with the evidence; `score` is 0…1. */
export interface Candidate {
  situation: string;
  score: number;
  distance_m: number | null;
  minutes: number;
  same_caller: boolean;
  same_kind: boolean;
}

/** A case of the case service; the id is its number there. */
export interface CaseRow {
  situation: string;
  step: "assessed" | "assigned" | "collected" | "fed_back" | "handled" | "opened" | "verified";
  opened_ms: number;
  closed_ms: number | null;
  id: string;
}

/** Look at it, alone, for a while; what the same person looked at before is free again. */
export interface ClaimViolation {
  request: "claim_violation";
  violation: string;
}

/** Save the form. Alone, `form` is all of it. */
export interface ClassifyCall {
  request: "classify_call";
  call: string;
  form: Record<string, string>;
  seen?: Record<string, string> | null;
}

/** Over. */
export interface ClearAlarm {
  request: "clear_alarm";
  alarm: string;
  why: string;
}

/** Safe. */
export interface ClearSos {
  request: "clear_sos";
  sos: string;
  why: string;
}

/** Everything is done. */
export interface CloseSituation {
  request: "close_situation";
  situation: string;
  why?: string;
}

/** It is that car. Again says nothing. */
export interface ConfirmHit {
  request: "confirm_hit";
  hit: string;
}

/** It is so. `manifest` is that of the evidence that was looked at. */
export interface ConfirmViolation {
  request: "confirm_violation";
  violation: string;
  manifest: string;
}

/** The pictures show another plate than the one read. */
export interface CorrectViolationPlate {
  request: "correct_violation_plate";
  violation: string;
  plate: string;
}

/** Yes or no. The approval service names the person; on a console it is whoever is signed in. */
export interface DecideApproval {
  request: "decide_approval";
  approval: string;
  granted: boolean;
  why?: string;
  by?: string | null;
}

/** Have nothing to do with the file that waits; a list that never had another is over. */
export interface DeclineLibraryFile {
  request: "decline_library_file";
  library: string;
  sha256: string;
  why: string;
}

/** Have nothing to do with the terms that wait. */
export interface DeclineLibraryTerms {
  request: "decline_library_terms";
  library: string;
  terms: string;
  why: string;
}

/** Rows that changed up to `seq`, a fact of this `seal`, if that is known; null where a row is gone. */
export interface Delta {
  type: "delta";
  seq: number;
  now_ms: number;
  tables: Record<string, Record<string, Row | null>>;
  seal: string;
}

/** A device that may report, and whose it is. */
export interface DeviceRow {
  kind: string;
  unit: string;
  id: string;
}

/** Whether a device has a token. */
export interface DeviceToken {
  issued: boolean;
}

/** Every enrolled device, by its id. */
export interface DeviceTokens {
  devices: Record<string, DeviceToken>;
}

/** A disk that the hub stands on, by a folder on it. */
export interface DiskHealth {
  what: "anchor" | "backup" | "data" | "recordings";
  path: string;
  free_bytes: number | null;
  total_bytes: number | null;
}

/** Add or change a fence; the ring is [lon, lat], not crossing itself. */
export interface DrawFence {
  request: "draw_fence";
  fence: string;
  name: string;
  kind: "area" | "forbidden";
  ring: [number, number][];
  dwell_s?: number;
  margin_m?: number;
}

/** Close the call. */
export interface EndCall {
  request: "end_call";
  call: string;
  outcome: "duplicate" | "hoax" | "inquiry" | "misdial" | "situation";
  why?: string;
}

/** It holds no more. `rule` is a section, a restriction, or the camera of regions. */
export interface EndRule {
  request: "end_violation_rule";
  register: "regions" | "restrictions" | "sections";
  rule: string;
  why: string;
}

/** Off duty. */
export interface EndShift {
  request: "end_shift";
  unit: string;
}

/** Add or change a camera. Its address goes to the vault, not here. */
export interface EnrolCamera {
  request: "enrol_camera";
  camera: string;
  name: string;
  lat: number;
  lon: number;
  bearing_deg?: number;
  field_deg?: number;
  reads_plates?: boolean;
}

/** Let a device report, for a unit or (a PBX) for itself. */
export interface EnrolDevice {
  request: "enrol_device";
  device: string;
  kind: "gb28181" | "jt808" | "mobile" | "osmand" | "owntracks" | "pbx";
  unit?: string | null;
}

/** Add or change a station. */
export interface EnrolStation {
  request: "enrol_station";
  station: string;
  name: string;
  service: "110" | "119" | "120" | "122";
  lat: number;
  lon: number;
  leader: string;
  leader_phone: string;
}

/** Add or change a unit. */
export interface EnrolUnit {
  request: "enrol_unit";
  unit: string;
  name: string;
  kind: "ambulance" | "fire_engine" | "foot_patrol" | "patrol_car" | "traffic_police";
  service: "110" | "119" | "120" | "122";
  station: string;
  phone: string;
  officers: string[];
  area?: string | null;
}

/** A file in custody. */
export interface EvidenceRow {
  situation: string;
  order: string;
  sha256: string;
  media_type: string;
  size: number;
  name: string;
  taken_ms: number;
  fixed_ms: number;
  by: string;
  place: Place | null;
  id: string;
}

/** A plate to which a restriction does not apply, why, and until when. */
export interface Exemption {
  plate: string;
  why: string;
  until_ms: number;
}

/** Report the result. */
export interface FeedBack {
  request: "feed_back";
  order: string;
  result: string;
  text?: string;
}

/** A fence and its ring of [lon, lat]. */
export interface FenceRow {
  name: string;
  kind: "area" | "forbidden";
  ring: [number, number][];
  dwell_s: number;
  margin_m: number;
  id: string;
}

/** What the rules found: who, by which version of which rule, and how that was worked out. */
export interface Finding {
  kind: "bus_lane" | "emergency_lane" | "interval_speed" | "restricted_area" | "wrong_way";
  plate: string;
  colour: "black" | "blue" | "green" | "unknown" | "white" | "yellow" | "yellow_green";
  plate_kind: "coach" | "consulate" | "embassy" | "emergency" | "hong_kong_macau" | "new_energy_large" | "new_energy_small" | "ordinary" | "police" | "temporary" | "trailer";
  rule: string;
  version: number;
  passages: JudgedPassage[];
  steps: Step[];
  speed_kmh?: number | null;
  limit_kmh?: number | null;
  region?: string;
}

/** Done. */
export interface FinishTask {
  request: "finish_task";
  task: string;
  note?: string;
}

/** An instant that a fact set has come. */
export interface FireDeadline {
  request: "fire_deadline";
  deadline: string;
}

/** A stored file becomes evidence. `sha256` is what the upload answered. */
export interface FixEvidence {
  request: "fix_evidence";
  situation: string;
  sha256: string;
  media_type: string;
  size: number;
  name: string;
  taken_ms: number;
  order?: string | null;
  place?: GivenPlace | null;
}

/** The one row "wall": which situation a desk sent there, and who did. */
export interface FocusRow {
  situation: string;
  by: string;
  at_ms: number;
  id: string;
}

/** Before these cameras, and before those within a ring of [lon, lat] (WGS-84). */
export interface GivenArea {
  cameras: string[];
  ring: [number, number][];
}

/** From a minute of the day in Asia/Shanghai to another, not included; over midnight where that is earlier. */
export interface GivenHours {
  from_min: number;
  to_min: number;
}

/** A place as it came in, with the datum it speaks. */
export interface GivenPlace {
  lat: number;
  lon: number;
  datum?: "bd09" | "gcj02" | "wgs84";
  text?: string;
  source?: "address" | "camera" | "carrier" | "map" | "phone" | "unit";
  uncertainty_m?: number | null;
}

/** The caller is gone: abandoned if nobody had answered, else noted with its instant until the call is ended. */
export interface HangUpCall {
  request: "hang_up_call";
  call: string;
}

/** A watched plate that passed a camera; pictures are blob ids. Of a list, `watch` is that and `line` its entry. */
export interface HitRow {
  watch: string;
  plate: string;
  camera: string;
  seen_ms: number;
  confidence: number;
  situation: string;
  picture: string;
  rejected_why: string;
  plate_picture: string;
  how: "exact" | "look_alike" | "pattern";
  score: number;
  direction: "away" | "left" | "right" | "towards" | null;
  heading_deg: number | null;
  last_seen: LastSeen | null;
  ahead: CameraAhead[];
  ahead_by: "bearing" | "none" | "roads";
  units: NearUnit[];
  rejected_kind: "cloned_plate" | "look_alike" | "misread" | "other" | "out_of_date" | null;
  rejected_by: string;
  line: string;
  note: string;
  told_ms: number;
  confirmed_by: string;
  id: string;
}

/** A time of the week in the county: ISO weekdays (1 is Monday) and minutes of the day. */
export interface Hours {
  days: number[];
  from_min: number;
  to_min: number;
}

/** Send a unit. */
export interface IssueOrder {
  request: "issue_order";
  situation: string;
  unit: string;
  text?: string;
  task?: string | null;
}

/** The record of the live space. `facts_bytes` is what all of it takes: facts, answers, signed heads, indexes. */
export interface JournalHealth {
  kind: "memory" | "postgresql" | "sqlite";
  committed_seq: number;
  facts_bytes: number | null;
  snapshot_seq: number | null;
  snapshot_at_ms: number | null;
  signed_seq: number | null;
  signed_at_ms: number | null;
  anchored_seq: number | null;
  anchor_waiting: number | null;
}

/** A vehicle before a camera, as it was judged. `picture` is a blob id, `box` x, y, width, height in its pixels. */
export interface JudgedPassage {
  camera: string;
  first_ms: number;
  last_ms: number;
  reads: number;
  confidence: number;
  source: "camera" | "edge" | "viid";
  device?: string;
  clock_error_ms?: number | null;
  char_confidences?: number[];
  picture?: string;
  box?: [number, number, number, number] | null;
  lane?: number | null;
  direction?: "away" | "left" | "right" | "towards" | null;
}

/** Where a car was seen before. */
export interface LastSeen {
  camera: string;
  at_ms: number;
}

/** A file of entries in the store: its SHA-256, lines, those of them with wild cards, and bytes. */
export interface LibraryContent {
  sha256: string;
  entries: number;
  patterns: number;
  size: number;
}

/** A file of a list: who brought it and when, and what came and went with it beside the one before. */
export interface LibraryFile {
  content: LibraryContent;
  by: string;
  at_ms: number;
  added: number;
  removed: number;
  gone: string[];
  approved_by: string;
  approved_ms: number | null;
}

/** A list of the watch list (库): one row, whatever it holds. `file` is in force and `waiting` to be approved. */
export interface LibraryRow {
  name: string;
  office: string;
  reason: string;
  level: 1 | 2 | 3 | 4;
  action: "alarm" | "check" | "follow" | "intercept";
  until_ms: number;
  state: "active" | "expired" | "lifted" | "requested";
  requested_by: string;
  requested_ms: number;
  file: LibraryFile | null;
  waiting: LibraryFile | null;
  ended_ms: number | null;
  hits: number;
  rejected: number;
  wrong_share: number | null;
  marks: LineMark[];
  look_alike: boolean;
  area: WatchArea | null;
  hours: WatchHours | null;
  waiting_terms: LibraryTerms | null;
  first_approved_ms: number | null;
  id: string;
}

/** Where and when a list is to fire, and whether for look-alikes: who offered that and when. */
export interface LibraryTerms {
  id: string;
  by: string;
  at_ms: number;
  look_alike: boolean;
  area: WatchArea | null;
  hours: WatchHours | null;
}

/** Stop looking. */
export interface LiftLibrary {
  request: "lift_library";
  library: string;
  why: string;
}

/** Stop looking. */
export interface LiftWatch {
  request: "lift_watch";
  watch: string;
  why: string;
}

/** A line of whose hits some were none; `not_plates` do not fire for it, as the line itself once it is set aside. */
export interface LineMark {
  line: string;
  rejected: number;
  wrong_in_a_row: number;
  not_plates: string[];
  hits: number;
  judged: number;
  wrong_share: number | null;
  remembered: RememberedHit[];
  waiting: [number, number][];
}

/** Add the call to an open situation. */
export interface LinkCall {
  request: "link_call";
  call: string;
  situation: string;
  why?: string;
}

/** A link; `waiting` are facts, passages for an upper system, or items of an edge agent that it has still to tell. */
export interface LinkHealth {
  name: string;
  state: "down" | "up" | null;
  waiting: number | null;
}

/** An outside service: whether it answers, and since when. */
export interface LinkRow {
  state: "down" | "up";
  since_ms: number;
  reason: string;
  id: string;
}

/** Say where it is. */
export interface LocateCall {
  request: "locate_call";
  call: string;
  place: GivenPlace;
}

/** Set or correct the place. */
export interface LocateSituation {
  request: "locate_situation";
  situation: string;
  place: GivenPlace;
}

/** Keep a stretch of recording for good; the recorder has locked it already. */
export interface LockRecording {
  request: "lock_recording";
  lock: string;
  camera: string;
  from_ms: number;
  to_ms: number;
  why: string;
}

/** An account that was added, with its password: told this once. */
export interface MadeAccount {
  name: string;
  password: string;
}

/** An account's new password: told this once. */
export interface MadePassword {
  password: string;
}

/** A device's new token, told this once; the one before no longer works. */
export interface MadeToken {
  token: string;
}

/** One fact on the time line of a situation; the id is its sequence number, `args` what a screen words it with. */
export interface MarkRow {
  situation: string;
  at_ms: number;
  actor: string;
  kind: string;
  args: Record<string, string | number | number | boolean>;
  id: string;
}

/** One end of an interval section: the camera there, and how far its times may be from true. */
export interface MeasuringPoint {
  camera: string;
  device: string;
  clock_error_ms: number;
  frame_error_ms: number;
}

/** Say that it is the same as another. */
export interface MergeSituation {
  request: "merge_situation";
  situation: string;
  into: string;
  why: string;
}

/** A text message: the visible outbox. */
export interface MessageRow {
  to: string;
  phone: string;
  text: string;
  about: string;
  state: "failed" | "queued" | "sent";
  queued_ms: number;
  sent_ms: number | null;
  why: string;
  id: string;
}

/** A unit, how far it is in a straight line, how many seconds it will take, and how old its position was. */
export interface NearUnit {
  unit: string;
  distance_m: number;
  arrival_s: number;
  state?: "free" | "moving" | "off" | "on_scene" | "ordered";
  position_age_ms?: number;
}

/** An account that an administrator adds; its password is made by the hub. */
export interface NewAccount {
  name: string;
  display: string;
  roles: ("administrator" | "call_taker" | "camera_watch" | "commander" | "device" | "director" | "dispatcher" | "duty_leader" | "exchange" | "hub" | "officer" | "service" | "wall")[];
  unit: string;
}

/** The commander begins the next phase. */
export interface NextPhase {
  request: "next_phase";
  activation: string;
}

/** Write into the record. */
export interface NoteSituation {
  request: "note_situation";
  situation: string;
  text: string;
  decision?: boolean;
}

/** Another file for a list; so many entries would come and go beside the one that it `replaces`. */
export interface OfferLibraryFile {
  request: "offer_library_file";
  library: string;
  content: LibraryContent;
  replaces: string;
  added: number;
  removed: number;
  gone?: string[];
}

/** Have a list fire there and then alone, or everywhere and always, and for look-alikes of its plates or not. */
export interface OfferLibraryTerms {
  request: "offer_library_terms";
  library: string;
  look_alike?: boolean;
  area?: GivenArea | null;
  hours?: GivenHours | null;
}

/** Open one, usually from a call, which is linked to it. */
export interface OpenSituation {
  request: "open_situation";
  title: string;
  service: "110" | "119" | "120" | "122";
  kind: "accident" | "natural_disaster" | "public_health" | "public_security";
  level: 1 | 2 | 3 | 4;
  call?: string | null;
  place?: GivenPlace | null;
}

/** An order to one unit, with the instant of each step. */
export interface OrderRow {
  situation: string;
  unit: string;
  text: string;
  state: "arrived" | "departed" | "fed_back" | "issued" | "recalled" | "refused" | "signed";
  issued_ms: number;
  issued_by: string;
  sign_by_ms: number;
  task: string;
  overdue: boolean;
  signed_ms: number | null;
  departed_ms: number | null;
  arrived_ms: number | null;
  fed_back_ms: number | null;
  ended_ms: number | null;
  result: string;
  feedback: string;
  why: string;
  id: string;
}

/** A person's new password, and the one before as a proof that it is they who ask. */
export interface OwnPassword {
  old: string;
  new: string;
}

/** One passage of a vehicle of late; a reading, as a position is. `id` is its place in the ring of the newest. */
export interface PassageRow {
  camera: string;
  plate: string;
  colour: "black" | "blue" | "green" | "unknown" | "white" | "yellow" | "yellow_green";
  kind: "coach" | "consulate" | "embassy" | "emergency" | "hong_kong_macau" | "new_energy_large" | "new_energy_small" | "ordinary" | "police" | "temporary" | "trailer";
  rows: number;
  first_ms: number;
  last_ms: number;
  confidence: number;
  char_confidences: number[];
  picture: string;
  box: [number, number, number, number] | null;
  direction: "away" | "left" | "right" | "towards" | null;
  heading_deg: number | null;
  lane: number | null;
  source: "camera" | "edge" | "viid";
  id: string;
}

/** A region of a camera's picture and what it means. */
export interface PictureRegion {
  name: string;
  ring: [number, number][];
  lane?: number | null;
  use?: "bus" | "emergency" | "general";
  hours?: Hours[];
  travel?: "away" | "left" | "right" | "towards" | null;
}

/** Send to the wall; without a situation the wall chooses again. */
export interface PinFocus {
  request: "pin_focus";
  situation?: string | null;
}

/** A point in WGS-84 degrees and its name; `uncertainty_m` is the radius of a carrier's or phone's fix. */
export interface Place {
  lat: number;
  lon: number;
  text?: string;
  source?: "address" | "camera" | "carrier" | "map" | "phone" | "unit";
  uncertainty_m?: number | null;
}

/** A whole plan. `command` is the role that decides in it; phases run in the order they stand in. */
export interface PlanDefinition {
  id: string;
  version: string;
  title: Bilingual;
  applies: Applicability;
  command: "call_taker" | "camera_watch" | "commander" | "dispatcher" | "duty_leader" | "officer";
  groups: PlanGroup[];
  phases: PlanPhase[];
}

/** A working group and the office that leads it. */
export interface PlanGroup {
  group: "communications" | "coordination" | "information" | "logistics" | "medical" | "response" | "security" | "traffic";
  lead: Bilingual;
}

/** Tasks that belong together. `next` says what ends the phase: all its tasks done, or the commander's word. */
export interface PlanPhase {
  id: string;
  title: Bilingual;
  tasks: PlanTask[];
  next?: "command" | "tasks_done";
}

/** The newest published version of a plan. */
export interface PlanRow {
  version: string;
  definition: PlanDefinition;
  id: string;
}

/** One thing to do. It opens when its phase has started and all of `after` are done. */
export interface PlanTask {
  id: string;
  title: Bilingual;
  group: "communications" | "coordination" | "information" | "logistics" | "medical" | "response" | "security" | "traffic";
  owner: "call_taker" | "camera_watch" | "commander" | "dispatcher" | "duty_leader" | "officer";
  due_min: number;
  due_from?: string | null;
  after?: string[];
  needs_approval?: Approval | null;
  report?: Report | null;
  orders?: UnitNeed[];
  text?: Bilingual | null;
}

/** The newest fix of a unit; a reading, so it carries no sequence number of the journal. */
export interface PositionRow {
  device: string;
  at_ms: number;
  lat: number;
  lon: number;
  source: "call" | "gb28181" | "jt808" | "mobile" | "osmand" | "owntracks" | "scenario";
  accuracy_m: number | null;
  speed_kmh: number | null;
  heading_deg: number | null;
  id: string;
}

/** RFC 9457 problem details, as every HTTP error is answered. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
}

/** A checked plan becomes one that can be activated. */
export interface PublishPlan {
  request: "publish_plan";
  definition: PlanDefinition;
}

/** Help, now. */
export interface RaiseSos {
  request: "raise_sos";
  unit: string;
  lat?: number | null;
  lon?: number | null;
}

/** Positions and sightings of the live space; `oldest_day` is a UTC day, `2026-05-27`. */
export interface ReadingsHealth {
  days: number | null;
  bytes: number | null;
  oldest_day: string | null;
  keep_days: number;
}

/** Take it back. */
export interface RecallOrder {
  request: "recall_order";
  order: string;
  why: string;
}

/** A unit that could go, and why it stands where it stands in the list. */
export interface Recommendation {
  unit: string;
  distance_m: number;
  arrival_s: number;
  position_age_ms: number;
  fits: boolean;
  why: ("fits_service" | "nearest" | "other_service" | "own_area" | "stale_position")[];
}

/** The approval service's yellow or red warning. */
export interface RecordApprovalNotice {
  request: "record_approval_notice";
  approval: string;
  notice: "overdue" | "warned";
}

/** The case service says under which number, and how far it is. */
export interface RecordCase {
  request: "record_case";
  case: string;
  situation: string;
  step: "assessed" | "assigned" | "collected" | "fed_back" | "handled" | "opened" | "verified";
  closed?: boolean;
}

/** A clip was taken out as evidence; the hub writes it down before it hands the file out. */
export interface RecordClip {
  request: "record_clip";
  clip: string;
  camera: string;
  from_ms: number;
  to_ms: number;
  sha256: string;
  size: number;
  missing_ms: number;
  why: string;
  situation?: string | null;
  hub?: string;
}

/** A hub was taken out of the roll; whichever hub sees to that writes it down. */
export interface RecordHubTakenOut {
  request: "record_hub_taken_out";
  hub: number;
  url: string;
  who: string;
  why: string;
  heard_ms: number;
  taken_ms: number;
}

/** The SMS link says what became of a message. */
export interface RecordMessage {
  request: "record_message";
  message: string;
  sent: boolean;
  why?: string;
}

/** Its evidence is put together; the hub says so, again as more of it comes or is known to be missing. */
export interface RecordPack {
  request: "record_violation_pack";
  violation: string;
  manifest: string;
  clip: "missing" | "pending" | "ready";
  clip_why?: string;
  parts?: string[];
  unseen?: number[];
}

/** A query of persons, vehicles, sightings or patrols was made; the hub writes it down before it answers. */
export interface RecordQuery {
  request: "record_query";
  what: "clones" | "companions" | "export" | "first_time" | "frequent" | "lens" | "passages" | "patrol_track" | "patrol_track_file" | "person" | "present" | "present_file" | "sightings" | "track" | "vehicle" | "watches";
  terms: string;
  reason: string;
  results: number;
  case?: string;
  query?: string | null;
  an_hour?: number;
  sha256?: string;
}

/** The case service has it; the hub's link says so. */
export interface RecordViolationSent {
  request: "record_violation_sent";
  violation: string;
  case: string;
}

/** What is recorded of a camera and how long it is kept. */
export interface RecordingPolicy {
  mode?: "continuous" | "event" | "off" | "scheduled";
  schedule?: Hours[];
  keep_days?: number;
  quota_mib?: number;
  pre_s?: number;
  post_s?: number;
}

/** Say that the unit cannot. */
export interface RefuseOrder {
  request: "refuse_order";
  order: string;
  why: string;
}

/** What the console sent could not be done. */
export interface Refused {
  type: "refused";
  status: number;
  code: string;
  detail: string;
}

/** What the regions of a camera's picture mean; the id is the camera. Its newest versions, newest first. */
export interface RegionsRow {
  versions: RegionsVersion[];
  id: string;
}

/** The regions of a picture as they were registered. */
export interface RegionsVersion {
  version: number;
  by: string;
  at_ms: number;
  from_ms: number;
  until_ms: number | null;
  regions: PictureRegion[];
  exempt: Exemption[];
}

/** It is not that car. With `exclude` this plate does not fire for the entry again, as after a look-alike anyway */
export interface RejectHit {
  request: "reject_hit";
  hit: string;
  why: string;
  kind?: "cloned_plate" | "look_alike" | "misread" | "other" | "out_of_date";
  exclude?: boolean | null;
}

/** Nothing comes of it; "other" needs words. */
export interface RejectViolation {
  request: "reject_violation";
  violation: string;
  manifest: string;
  reason: "bad_picture" | "calibration_doubt" | "emergency_vehicle" | "exempt" | "misread" | "other";
  text?: string;
}

/** Give a locked stretch free again. */
export interface ReleaseRecording {
  request: "release_recording";
  lock: string;
  camera: string;
  why: string;
}

/** A hit of an entry: when it was told, and whether somebody said that it was the car, or none. */
export interface RememberedHit {
  hit: string;
  at_ms: number;
  said: "nothing" | "right" | "wrong";
}

/** It is gone. */
export interface RemoveCamera {
  request: "remove_camera";
  camera: string;
}

/** Take it away. */
export interface RemoveFence {
  request: "remove_fence";
  fence: string;
}

/** What is reported upward, and to whom, within `within_min` of the start of the phase. */
export interface Report {
  to: "city" | "county" | "national" | "province";
  within_min: number;
}

/** A line rings. A PBX names its own call id, so that it can tell when the caller hangs up. */
export interface ReportCall {
  request: "report_call";
  dialled: "110" | "119" | "120" | "122";
  caller: string;
  call?: string | null;
  subscriber?: string;
  address?: string;
  place?: GivenPlace | null;
}

/** The camera's task says how it is. */
export interface ReportCamera {
  request: "report_camera";
  camera: string;
  up: boolean;
  reason?: string;
}

/** A camera or alarm input says by itself that something is up. `subject` is the camera, or the device's own id. */
export interface ReportDeviceAlarm {
  request: "report_device_alarm";
  subject: string;
  level: 1 | 2 | 3 | 4;
  detail?: string;
  lat?: number | null;
  lon?: number | null;
}

/** A watched plate passed; the hub's plate reader says so, with what readings and road net tell about the car. */
export interface ReportHit {
  request: "report_hit";
  watch: string;
  plate: string;
  camera: string;
  seen_ms: number;
  confidence: number;
  picture?: string;
  plate_picture?: string;
  how?: "exact" | "look_alike" | "pattern";
  score?: number;
  direction?: "away" | "left" | "right" | "towards" | null;
  heading_deg?: number | null;
  last_seen?: LastSeen | null;
  ahead?: CameraAhead[];
  ahead_by?: "bearing" | "none" | "roads";
  line?: string;
  note?: string;
}

/** A hub says how it holds a list that is in force; `wrong` is empty where that is as it should be. */
export interface ReportLibrary {
  request: "report_library";
  library: string;
  wrong?: string;
}

/** A link says how the outside service is. */
export interface ReportLink {
  request: "report_link";
  link: string;
  up: boolean;
  reason?: string;
}

/** What the hub concluded from positions: a unit left or returned, stands still or moves, is silent or heard. */
export interface ReportPatrol {
  request: "report_patrol";
  unit: string;
  change: "heard_again" | "left_area" | "moved_again" | "returned" | "stood_still" | "went_silent";
  since_ms: number;
  fence?: string | null;
  lat?: number | null;
  lon?: number | null;
}

/** How plates are read before a camera became worse than usual, and why, or well again where `why` is empty. */
export interface ReportReading {
  request: "report_reading";
  camera: string;
  why: "" | "fewer" | "unread" | "unsure";
  percent?: number | null;
}

/** The recorder says whether it can do its work. */
export interface ReportRecorder {
  request: "report_recorder";
  recorder: string;
  ok: boolean;
  reason?: string;
}

/** The rules found one; the hub says so. The same passage found again changes nothing. */
export interface ReportViolation {
  request: "report_violation";
  finding: Finding;
}

/** Ask a leader. */
export interface RequestApproval {
  request: "request_approval";
  item: string;
  subject: string;
  due_minutes: number;
  warn_minutes?: number | null;
  situation?: string | null;
}

/** Look out for a list. The hub asks in the name of a person, once it has read and kept the file itself. */
export interface RequestLibrary {
  request: "request_library";
  name: string;
  reason: string;
  level: 1 | 2 | 3 | 4;
  until_ms: number;
  content: LibraryContent;
  office?: string;
  action?: "alarm" | "check" | "follow" | "intercept";
  look_alike?: boolean;
  area?: GivenArea | null;
  hours?: GivenHours | null;
}

/** Look out for a plate; the fields are those of `WatchEntry`. */
export interface RequestWatch {
  request: "request_watch";
  pattern: string;
  reason: string;
  level: 1 | 2 | 3 | 4;
  until_ms: number;
  look_alike?: boolean;
  office?: string;
  area?: GivenArea | null;
  hours?: GivenHours | null;
  action?: "alarm" | "check" | "follow" | "intercept";
}

/** Look out for many plates, all of them or none. */
export interface RequestWatches {
  request: "request_watches";
  entries: WatchEntry[];
}

/** Let a line fire again that was set aside. */
export interface RestoreLibraryLine {
  request: "restore_library_line";
  library: string;
  line: string;
  why: string;
}

/** An area or road that some vehicles may not enter at some hours (禁行, 限行). */
export interface Restriction {
  name: string;
  cameras?: string[];
  ring?: [number, number][];
  hours?: Hours[];
  colours?: ("black" | "blue" | "green" | "unknown" | "white" | "yellow" | "yellow_green")[];
  kinds?: ("coach" | "consulate" | "embassy" | "emergency" | "hong_kong_macau" | "new_energy_large" | "new_energy_small" | "ordinary" | "police" | "temporary" | "trailer")[];
  last_digits?: number[];
  exempt?: Exemption[];
}

/** A restriction: its newest versions, newest first. */
export interface RestrictionRow {
  versions: RestrictionVersion[];
  id: string;
}

/** A restriction as it was registered. */
export interface RestrictionVersion {
  version: number;
  by: string;
  at_ms: number;
  from_ms: number;
  until_ms: number | null;
  definition: Restriction;
}

/** Let a device report no more; it belongs to nobody from now on. */
export interface RetireDevice {
  request: "retire_device";
  device: string;
}

/** Take a station off every list and map for good (注销). */
export interface RetireStation {
  request: "retire_station";
  station: string;
}

/** Take a unit off every list and map for good. */
export interface RetireUnit {
  request: "retire_unit";
  unit: string;
}

/** What a station, unit or device was that is no more, so that what names it stays readable. */
export interface RetiredRow {
  kind: "device" | "station" | "unit";
  was: string;
  name: string;
  station: string;
  at_ms: number;
  id: string;
}

/** One line of a table. Its key never changes. */
export interface Row {
  id: string;
}

/** The one row "wall": the cameras that desks sent there, the first the largest; None: in the wall's own layout. */
export interface ScreenRow {
  cameras: SentCamera[];
  tiles: 1 | 2 | 4 | 6 | 8 | 9 | 10 | 13 | 16 | null;
  id: string;
}

/** An interval section: its newest versions, newest first, so that what is heard of late is judged as it was. */
export interface SectionRow {
  versions: SectionVersion[];
  id: string;
}

/** An interval section as it was registered. */
export interface SectionVersion {
  version: number;
  by: string;
  at_ms: number;
  from_ms: number;
  until_ms: number | null;
  definition: SpeedSection;
}

/** Text units by hand (单发、组发、群发). */
export interface SendMessage {
  request: "send_message";
  units: string[];
  text: string;
  situation?: string | null;
}

/** Show cameras on the wall, the first the largest; with `tiles` in that layout and in place of all sent before. */
export interface SendToWall {
  request: "send_to_wall";
  cameras: string[];
  tiles?: 1 | 2 | 4 | 6 | 8 | 9 | 10 | 13 | 16 | null;
}

/** A camera that somebody put on a screen. */
export interface SentCamera {
  camera: string;
  by: string;
  at_ms: number;
}

/** Raise or lower. */
export interface SetLevel {
  request: "set_level";
  situation: string;
  level: 1 | 2 | 3 | 4;
  why: string;
}

/** Say what is to be recorded of a camera. */
export interface SetRecording {
  request: "set_recording";
  camera: string;
  policy: RecordingPolicy;
}

/** Say what is to be recorded of a group of cameras: of all of them, or where one cannot be so, of none. */
export interface SetRecordings {
  request: "set_recordings";
  cameras: string[];
  policy: RecordingPolicy;
}

/** Say what the regions of a camera's picture mean, and which plates may use its bus and emergency lanes. */
export interface SetRegions {
  request: "set_violation_regions";
  camera: string;
  regions: PictureRegion[];
  exempt?: Exemption[];
  from_ms?: number | null;
}

/** Register a restriction anew or in another version; it holds from an instant that is not over. */
export interface SetRestriction {
  request: "set_violation_restriction";
  restriction: string;
  definition: Restriction;
  from_ms?: number | null;
}

/** Register an interval section anew or in another version; it holds from an instant that is not over. */
export interface SetSection {
  request: "set_violation_section";
  section: string;
  definition: SpeedSection;
  from_ms?: number | null;
}

/** Not now. */
export interface ShelveAlarm {
  request: "shelve_alarm";
  alarm: string;
  minutes: number;
  why: string;
}

/** One vehicle passage before one camera, after voting. `picture` is the blob id (SHA-256) of the scene picture. */
export interface Sighting {
  camera: string;
  plate: string;
  colour: "black" | "blue" | "green" | "unknown" | "white" | "yellow" | "yellow_green";
  first_ms: number;
  last_ms: number;
  reads: number;
  confidence: number;
  picture: string | null;
  box: [number, number, number, number] | null;
  kind: "coach" | "consulate" | "embassy" | "emergency" | "hong_kong_macau" | "new_energy_large" | "new_energy_small" | "ordinary" | "police" | "temporary" | "trailer";
  rows: number;
  char_confidences: number[];
  direction: "away" | "left" | "right" | "towards" | null;
  heading_deg: number | null;
  lane: number | null;
  source: "camera" | "edge" | "viid";
}

/** Name and password of a local account. */
export interface SignIn {
  name: string;
  password: string;
}

/** A situation; its state is the furthest that any of its orders came. */
export interface SituationRow {
  title: string;
  service: "110" | "119" | "120" | "122";
  kind: "accident" | "natural_disaster" | "public_health" | "public_security";
  level: 1 | 2 | 3 | 4;
  state: "closed" | "departed" | "dispatched" | "fed_back" | "on_scene" | "received" | "signed";
  opened_ms: number;
  changed_ms: number;
  place: Place | null;
  source: string;
  calls: string[];
  orders: string[];
  units: string[];
  hits: string[];
  evidence: string[];
  activation: string;
  case: string;
  merged_into: string;
  dispatched_ms: number | null;
  closed_ms: number | null;
  overdue: number;
  id: string;
}

/** The whole of one table at `seq`, a fact of this `seal`; replaces what the console holds of it. */
export interface Snapshot {
  type: "snapshot";
  seq: number;
  now_ms: number;
  table: string;
  rows: Record<string, Row>;
  seal: string;
}

/** An open call for help. */
export interface SosRow {
  unit: string;
  situation: string;
  raised_ms: number;
  lat: number | null;
  lon: number | null;
  id: string;
}

/** A road between two cameras on which the mean speed is judged (区间测速). */
export interface SpeedSection {
  name: string;
  start: MeasuringPoint;
  end: MeasuringPoint;
  length_m: number;
  length_error_m: number;
  measured_by: string;
  measured_ms: number;
  limit_small_kmh: number;
  limit_large_kmh: number;
  certificate: string;
  certificate_until_ms: number;
}

/** End it. */
export interface StandDownPlan {
  request: "stand_down_plan";
  activation: string;
  why: string;
}

/** On duty. */
export interface StartShift {
  request: "start_shift";
  unit: string;
  until_ms: number;
}

/** A station and its leader. */
export interface StationRow {
  name: string;
  service: "110" | "119" | "120" | "122";
  lat: number;
  lon: number;
  leader: string;
  leader_phone: string;
  id: string;
}

/** One step of a calculation: which one, and the numbers and words that went into it and came out of it. */
export interface Step {
  step: string;
  args: Record<string, string | number | number>;
}

/** Sign, depart, arrive. */
export interface StepOrder {
  request: "step_order";
  order: string;
  step: "arrived" | "departed" | "signed";
}

/** From a console: these tables from now on, and what changed `after` the sequence number it has, if it has one. */
export interface Subscribe {
  type: "subscribe";
  tables: Record<string, TableFilter>;
  after?: number | null;
  history?: string | null;
  seen?: number;
}

/** Only the rows of one situation, for tables whose rows name one. */
export interface TableFilter {
  situation?: string | null;
}

/** I see to it. */
export interface TakeAlarm {
  request: "take_alarm";
  alarm: string;
}

/** The last decision was a slip: for a short while, and before anybody else is told, who made it takes it back. */
export interface TakeBackViolation {
  request: "take_back_violation";
  violation: string;
}

/** Take cameras off the wall; without any, all that were sent. */
export interface TakeOffWall {
  request: "take_off_wall";
  cameras?: string[];
}

/** A task of a running plan. `key` is its id in the plan, `owner` the group, `role` who does it. */
export interface TaskRow {
  activation: string;
  situation: string;
  phase: string;
  key: string;
  title: string;
  title_en: string;
  owner: "communications" | "coordination" | "information" | "logistics" | "medical" | "response" | "security" | "traffic";
  role: "call_taker" | "camera_watch" | "commander" | "dispatcher" | "duty_leader" | "officer";
  state: "done" | "dropped" | "open";
  opened_ms: number;
  due_ms: number;
  done_ms: number | null;
  done_by: string;
  note: string;
  overdue: boolean;
  approval: string;
  id: string;
}

/** So many units of a kind that the task sends. */
export interface UnitNeed {
  kind: "ambulance" | "fire_engine" | "foot_patrol" | "patrol_car" | "traffic_police";
  count: number;
}

/** A unit. `order` is the one it is on; the flags say what is wrong with it now. */
export interface UnitRow {
  name: string;
  kind: "ambulance" | "fire_engine" | "foot_patrol" | "patrol_car" | "traffic_police";
  service: "110" | "119" | "120" | "122";
  station: string;
  phone: string;
  officers: string[];
  area: string;
  devices: string[];
  state: "free" | "moving" | "off" | "on_scene" | "ordered";
  order: string;
  shift_until_ms: number | null;
  shift_since_ms: number | null;
  out_of: string;
  still_since_ms: number | null;
  silent_since_ms: number | null;
  sos: string;
  id: string;
}

/** A violation that the rules found, its evidence and how far its review came. Not shown to who may not review. */
export interface ViolationRow {
  finding: Finding;
  plate: string;
  state: "confirmed" | "confirmed_once" | "found" | "rejected" | "sent";
  registered_by: string;
  found_ms: number;
  due_ms: number;
  manifest: string;
  clip: "missing" | "pending" | "ready";
  clip_why: string;
  unseen: number[];
  claimed_by: string;
  claimed_until_ms: number | null;
  corrected: string;
  corrected_by: string;
  reviewed_by: string[];
  reviewed_ms: number | null;
  reason: "bad_picture" | "calibration_doubt" | "emergency_vehicle" | "exempt" | "misread" | "other" | null;
  text: string;
  overdue: boolean;
  case: string;
  sent_ms: number | null;
  id: string;
}

/** Where a watch fires: before these cameras, and before those within a ring of [lon, lat] (WGS-84). */
export interface WatchArea {
  cameras?: string[];
  ring?: [number, number][];
}

/** A plate to look out for; `?` is one character, `*` any. With `look_alike` also plates that look like it. */
export interface WatchEntry {
  pattern: string;
  reason: string;
  level: 1 | 2 | 3 | 4;
  until_ms: number;
  look_alike: boolean;
  office: string;
  area: GivenArea | null;
  hours: GivenHours | null;
  action: "alarm" | "check" | "follow" | "intercept";
}

/** When a watch fires: minutes of the day in Asia/Shanghai, the last one not included; over midnight too. */
export interface WatchHours {
  from_min: number;
  to_min: number;
}

/** An entry of the watch list (布控), in force since `approved_ms`. */
export interface WatchRow {
  pattern: string;
  reason: string;
  level: 1 | 2 | 3 | 4;
  until_ms: number;
  state: "active" | "expired" | "lifted" | "requested";
  requested_by: string;
  requested_ms: number;
  approved_by: string;
  ended_ms: number | null;
  hits: number;
  rejected: number;
  look_alike: boolean;
  office: string;
  area: WatchArea | null;
  hours: WatchHours | null;
  action: "alarm" | "check" | "follow" | "intercept";
  batch: string;
  not_plates: string[];
  wrong_share: number | null;
  wrong_in_a_row: number;
  judged: number;
  remembered: RememberedHit[];
  waiting: [number, number][];
  approved_ms: number | null;
  id: string;
}

/** First message to a console. `hub` changes when the hub restarts; `release` is the product's version. */
export interface Welcome {
  type: "welcome";
  space: string;
  hub: string;
  history: string;
  version: string;
  release: string;
  actor: ActorInfo;
  now_ms: number;
}

export interface Tables {
  calls: CallRow;
  situations: SituationRow;
  orders: OrderRow;
  stations: StationRow;
  units: UnitRow;
  devices: DeviceRow;
  retired: RetiredRow;
  positions: PositionRow;
  passages: PassageRow;
  fences: FenceRow;
  cameras: CameraRow;
  watches: WatchRow;
  libraries: LibraryRow;
  hits: HitRow;
  alarms: AlarmRow;
  sos: SosRow;
  messages: MessageRow;
  evidence: EvidenceRow;
  plans: PlanRow;
  activations: ActivationRow;
  tasks: TaskRow;
  approvals: ApprovalRow;
  cases: CaseRow;
  links: LinkRow;
  focus: FocusRow;
  screens: ScreenRow;
  marks: MarkRow;
  sections: SectionRow;
  restrictions: RestrictionRow;
  regions: RegionsRow;
  violations: ViolationRow;
}

export type TableName = "calls" | "situations" | "orders" | "stations" | "units" | "devices" | "retired" | "positions" | "passages" | "fences" | "cameras" | "watches" | "libraries" | "hits" | "alarms" | "sos" | "messages" | "evidence" | "plans" | "activations" | "tasks" | "approvals" | "cases" | "links" | "focus" | "screens" | "marks" | "sections" | "restrictions" | "regions" | "violations";

export type Request =
  ActivatePlan |
  AnswerCall |
  ApproveLibrary |
  ApproveLibraryTerms |
  ApproveWatch |
  ApproveWatches |
  ClaimViolation |
  ClassifyCall |
  ClearAlarm |
  ClearSos |
  CloseSituation |
  ConfirmHit |
  ConfirmViolation |
  CorrectViolationPlate |
  DecideApproval |
  DeclineLibraryFile |
  DeclineLibraryTerms |
  DrawFence |
  EndCall |
  EndRule |
  EndShift |
  EnrolCamera |
  EnrolDevice |
  EnrolStation |
  EnrolUnit |
  FeedBack |
  FinishTask |
  FireDeadline |
  FixEvidence |
  HangUpCall |
  IssueOrder |
  LiftLibrary |
  LiftWatch |
  LinkCall |
  LocateCall |
  LocateSituation |
  LockRecording |
  MergeSituation |
  NextPhase |
  NoteSituation |
  OfferLibraryFile |
  OfferLibraryTerms |
  OpenSituation |
  PinFocus |
  PublishPlan |
  RaiseSos |
  RecallOrder |
  RecordApprovalNotice |
  RecordCase |
  RecordClip |
  RecordHubTakenOut |
  RecordMessage |
  RecordPack |
  RecordQuery |
  RecordViolationSent |
  RefuseOrder |
  RejectHit |
  RejectViolation |
  ReleaseRecording |
  RemoveCamera |
  RemoveFence |
  ReportCall |
  ReportCamera |
  ReportDeviceAlarm |
  ReportHit |
  ReportLibrary |
  ReportLink |
  ReportPatrol |
  ReportReading |
  ReportRecorder |
  ReportViolation |
  RequestApproval |
  RequestLibrary |
  RequestWatch |
  RequestWatches |
  RestoreLibraryLine |
  RetireDevice |
  RetireStation |
  RetireUnit |
  SendMessage |
  SendToWall |
  SetLevel |
  SetRecording |
  SetRecordings |
  SetRegions |
  SetRestriction |
  SetSection |
  ShelveAlarm |
  StandDownPlan |
  StartShift |
  StepOrder |
  TakeAlarm |
  TakeBackViolation |
  TakeOffWall;

export type FromHub = Welcome | Snapshot | Delta | Beat | Refused;

export const PROTOCOL_VERSION = "1";
