/** Accounts as people read them: their roles, who is found by what, and what was changed. Pure. */

import { t, word } from "../../i18n/i18n";
import type { AccountChange, AccountInfo } from "../../wire";

export type Role = AccountInfo["roles"][number];

/** The roles that people have, in the order in which a centre is staffed; the others are of machines. */
export const ROLES: readonly Role[] = ["call_taker", "dispatcher", "commander", "duty_leader", "camera_watch", "officer", "director", "administrator", "wall"];

export function rolesText(roles: readonly string[]): string {
  return ROLES.filter((role) => roles.includes(role)).map((role) => word("role", role)).join(t("list.comma"));
}

/** Those that have all that was typed in name, display, roles, unit or state: `unit` gives a unit's name. */
export function accountsFound(accounts: readonly AccountInfo[], words: string, unit: (id: string) => string): AccountInfo[] {
  const wanted = words.trim().toLowerCase().split(/\s+/);
  return accounts.filter((account) => {
    const { name, display, roles, disabled } = account;
    const text = [name, display, rolesText(roles), account.unit, unit(account.unit), disabled ? t("accounts.out") : ""].join(" ").toLowerCase();
    return wanted.every((each) => text.includes(each));
  });
}

/** What was done: `加了账号 wang（接警员、岳01）`; `by` and the account are told beside it. */
export function deedText({ what, detail }: AccountChange, unit: (id: string) => string): string {
  const deed = word("account_deed", what);
  if (detail === "") return deed;
  if (what === "display") return `${deed}${t("list.colon")}${detail}`;
  if (what === "unit") return `${deed}${t("list.colon")}${detail.split(" → ").map((each) => unit(each) || t("accounts.unit_none")).join(" → ")}`;
  if (what === "roles") return `${deed}${t("list.colon")}${detail.split(" → ").map((each) => rolesText(each.split(","))).join(" → ")}`;
  const [roles = "", ...rest] = detail.split(" ");
  const of = unit(rest.join(" "));
  return `${deed}${t("list.colon")}${[rolesText(roles.split(",")) || roles, of].filter((each) => each !== "").join(t("list.comma"))}`;
}

/** Who did it: a person by the name people know, the hub, or somebody at the command line of a machine. */
export function byText(by: string, who: (id: string) => string): string {
  const shell = /^command line\s*(?<user>.*)$/.exec(by);
  if (shell !== null) return t("accounts.shell", { user: shell.groups?.["user"] ?? "" }).trim();
  const name = who(by);
  return by === "hub" || name === by ? name : t("accounts.who", { name, id: by });
}

/** An agent's key is kept beside the tokens of devices, as `agent:NAME`. */
export function subjectText(name: string): string {
  return name.startsWith("agent:") ? t("accounts.agent", { name: name.slice("agent:".length) }) : name;
}
