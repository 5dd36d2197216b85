/** Accounts (账号): who may sign in and as what, and who changed what when. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../../components/icons";
import "../../components/secret_sheet";
import "../../components/states";
import "../../components/table";
import type { Column } from "../../components/table";
import * as format from "../../i18n/format";
import { t } from "../../i18n/i18n";
import type { Api } from "../../sync/api";
import type { AccountChange, AccountChanges, AccountInfo, AccountList, MadeAccount, MadePassword, NewAccount, RetiredRow, UnitRow } from "../../wire";
import { allOf, Panel } from "../panel";
import "./account_new";
import "./account_one";
import type { Change } from "./account_one";
import { accountsFound, byText, deedText, rolesText, subjectText } from "./account_words";
import { searchField } from "./search_field";
import { adminStyles } from "./styles";
import { unitNames } from "../named";

const CHANGES_SHOWN = 100;

@customElement("admin-accounts")
export class AdminAccounts extends Panel {
  static override styles = [
    ...Panel.styles,
    adminStyles,
    css`
      :host {
        grid-template-columns: minmax(0, 1.2fr) clamp(340px, 28vw, 520px) minmax(0, 1fr);
      }
      li {
        display: block;
      }
      .out {
        background: var(--hatch);
      }
      t-secret {
        margin: var(--s3);
      }
    `,
  ];

  @property({ attribute: false }) units: ReadonlyMap<string, UnitRow> = new Map();
  @property({ attribute: false }) retired: ReadonlyMap<string, RetiredRow> = new Map();
  @property({ attribute: false }) who: (id: string) => string = (id) => id;
  /** The account of whoever looks. */
  @property() me = "";
  @property({ type: Number }) now_ms = 0;
  @property({ type: Boolean }) active = false;
  @state() private accounts: readonly AccountInfo[] | null = null;
  @state() private changes: readonly AccountChange[] = [];
  @state() private words = "";
  /** The name of the one that is looked at; empty for none, or while a new one is made. */
  @state() private chosen = "";
  @state() private making = false;
  @state() private busy = false;
  /** What was made just now and is not told again. */
  @state() private secret: { readonly name: string; readonly password: string } | null = null;

  protected override fetch(api: Api): Promise<void> {
    return allOf(
      api.get<AccountList>("/api/v1/accounts").then(({ accounts }) => void (this.accounts = accounts)),
      api.get<AccountChanges>(`/api/v1/account-changes?limit=${CHANGES_SHOWN}`).then(({ changes }) => void (this.changes = changes)),
    );
  }

  /** What is told once does not wait on a screen that somebody left. */
  protected override willUpdate(): void {
    if (!this.active) this.secret = null;
  }

  private readonly unitName = (id: string): string => unitNames(this.units, this.retired).get(id)?.name ?? id;

  override render(): TemplateResult {
    const { accounts } = this;
    const found = accountsFound(accounts ?? [], this.words, this.unitName);
    return html`<section class="asked" aria-label=${t("admin.accounts")}>
        <div class="head">
          ${searchField(t("accounts.find"), this.words, (words) => (this.words = words))}
          <button type="button" class="primary" @click=${() => this.begin("", true)}>${icon("plus")} ${t("accounts.new")}</button>
        </div>
        <div class="scroll">${accounts === null ? this.nothingYet() : html`<t-table label=${t("admin.accounts")} .columns=${this.columns()} .rows=${new Map(found.map((each) => [each.name, each]))} sortBy="name" chosen=${this.chosen} @choose=${(event: CustomEvent<string>) => this.begin(event.detail, false)}><t-state kind="hint" text=${t("accounts.none_fits")}></t-state></t-table>`}</div>
      </section>
      <section aria-label=${t("accounts.one")}><div>${this.outcome()}${this.sheet()}</div><div class="scroll">${this.work()}</div></section>
      <section class="asked" aria-label=${t("accounts.changes")}><h2>${t("accounts.changes")} ${this.refresh()}</h2><div class="scroll">${this.record()}</div></section>`;
  }

  private columns(): readonly Column<AccountInfo>[] {
    return [
      { id: "name", title: t("accounts.name"), cell: ({ name }) => name, sort: ({ name }) => name },
      { id: "display", title: t("accounts.display"), cell: ({ display }) => display, sort: ({ display }) => display },
      { id: "roles", title: t("accounts.roles"), cell: ({ roles }) => rolesText(roles), sort: ({ roles }) => rolesText(roles) },
      { id: "unit", title: t("accounts.unit"), cell: ({ unit }) => this.unitName(unit), sort: ({ unit }) => this.unitName(unit) },
      { id: "state", title: t("health.standing"), cell: ({ disabled }) => (disabled ? html`<span class="stale">${icon("ban")} ${t("accounts.out")}</span>` : t("accounts.in")), sort: ({ disabled }) => (disabled ? 0 : 1) },
    ]; // prettier-ignore
  }

  private sheet(): TemplateResult | typeof nothing {
    if (this.secret === null) return nothing;
    const { name, password } = this.secret;
    return html`<t-secret once=${t("accounts.once")} label=${t("accounts.sheet", { name })} text=${t("accounts.sheet_text", { name, password, url: location.origin })}></t-secret>`;
  }

  private work(): TemplateResult {
    const account = this.accounts?.find(({ name }) => name === this.chosen);
    if (this.making) return html`<account-new .units=${this.unitsByName()} ?busy=${this.busy} @make=${(event: CustomEvent<NewAccount>) => void this.make(event.detail)}></account-new>`;
    if (account === undefined) return html`<t-state kind="hint" text=${t("accounts.choose")}></t-state>`;
    return html`<account-one .account=${account} .units=${this.unitsByName()} ?own=${account.name === this.me} ?busy=${this.busy} @change=${(event: CustomEvent<Change>) => void this.change(account, event.detail)}></account-one>`;
  }

  private record(): TemplateResult | typeof nothing {
    if (this.accounts === null) return this.nothingYet();
    if (this.changes.length === 0) return html`<t-state kind="hint" text=${t("accounts.changes_none")}></t-state>`;
    const shown = this.changes.map((each) => html`<li><span class="quiet">${format.instant(each.at_ms, this.now_ms)}</span> <b>${subjectText(each.name)}</b> ${deedText(each, this.unitName)} <span class="quiet">${t("accounts.by", { by: byText(each.by, this.who) })}</span></li>`);
    return html`<ul>${shown}</ul>${this.changes.length < CHANGES_SHOWN ? nothing : html`<p>${t("accounts.changes_more", { n: CHANGES_SHOWN })}</p>`}`;
  }

  private unitsByName(): readonly UnitRow[] {
    return [...this.units.values()].sort((a, b) => a.name.localeCompare(b.name, "zh-CN", { numeric: true }));
  }

  private begin(name: string, making: boolean): void {
    [this.chosen, this.making, this.secret, this.said, this.refusal] = [name, making, null, "", ""];
  }

  private async make(account: NewAccount): Promise<void> {
    await this.once(t("accounts.made", { name: account.name }), async (api) => {
      const made = await api.post<MadeAccount>("/api/v1/accounts", account);
      [this.secret, this.chosen, this.making] = [made, made.name, false];
    });
  }

  private async change({ name, display }: AccountInfo, change: Change): Promise<void> {
    const path = `/api/v1/accounts/${encodeURIComponent(name)}`;
    this.secret = null;
    switch (change.what) {
      case "person":
        return this.once(t("accounts.person_set", { name: change.person.display ?? display }), async (api) => {
          await api.put(`${path}/person`, change.person);
          this.tell("renamed", null);
        });
      case "roles":
        return this.once(t("accounts.roles_set", { name: display }), (api) => api.put(`${path}/roles`, { roles: change.roles }));
      case "state":
        return this.once(t(change.disabled ? "accounts.shut" : "accounts.let", { name: display }), (api) => api.put(`${path}/state`, { disabled: change.disabled }));
      case "password":
        return this.once(t("accounts.password_made", { name: display }), async (api) => {
          this.secret = { name, ...(await api.post<MadePassword>(`${path}/password`, {})) };
        });
    }
  }

  /** Do it, and nothing else meanwhile. */
  private async once(done: string, work: (api: Api) => Promise<unknown>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await this.does(done, work);
    } finally {
      this.busy = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "admin-accounts": AdminAccounts;
  }
}
