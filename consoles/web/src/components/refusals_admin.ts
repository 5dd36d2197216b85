/** What is refused about accounts, passwords, tokens, units and fences, see `refusals`. Pure. */

import { t } from "../i18n/i18n";
import type { Words } from "./refusals";

export const ADMIN_REFUSED: readonly (readonly [RegExp, Words])[] = [
  [/^there is an account \S+ already/, () => t("refusal.account_taken")],
  [/^an account's name has letters/, () => t("refusal.account_name")],
  [/^a person's name has 1 to (?<most>\d+) characters/, ({ most = "" }) => t("refusal.account_display", { word: most })],
  [/^an account has at least one of the roles/, () => t("refusal.account_roles")],
  [/^\S+ is the last account that administers/, () => t("refusal.account_last")],
  [/^nobody (shuts the own account out|takes the role of administrator from the own account)/, () => t("refusal.account_own")],
  [/^the own password is changed by/, () => t("refusal.account_own_password")],
  [/^no account \S+/, () => t("refusal.account_gone")],
  [/^the password before is wrong/, () => t("refusal.password_wrong")],
  [/^a password has (?<least>\d+) to (?<most>\d+) characters/, ({ least = "", most = "" }) => t("refusal.password_length", { least, word: most })],
  [/^too many wrong passwords/, () => t("refusal.password_wait")],
  [/^too many are signing in just now/, () => t("refusal.password_busy")],
  [/^fence \S+ is the area of/, () => t("refusal.fence_used")],
  [/^station \S+ has units: (?<word>.+)/, ({ word = "" }) => t("refusal.retire_units", { word })],
  [/^unit \S+ has an open order: (?<word>\S+)/, ({ word = "" }) => t("refusal.retire_order", { word })],
  [/^unit \S+ calls for help/, () => t("refusal.retire_sos")],
  [/^unit \S+ is in situations: (?<word>.+)/, ({ word = "" }) => t("refusal.retire_situations", { word })],
  [/^unit \S+ has devices: (?<word>.+)/, ({ word = "" }) => t("refusal.retire_devices", { word })],
  [/^unit \S+ has accounts: (?<word>.+)/, ({ word = "" }) => t("refusal.retire_accounts", { word })],
  [/^\S+ is the phone of account (?<word>\S+),/, ({ word = "" }) => t("refusal.retire_phone", { word })],
  [/^a device that reports positions belongs to a unit/, () => t("refusal.device_unit")],
  [/^no JT\/T 808 terminal is (?<device>\S+):/, ({ device = "" }) => t("refusal.device_terminal", { word: device })],
  [/^\S+ has no token$/, () => t("refusal.no_token")],
];
