/** Fields that are typed into: there letters and digits are text, not keys of the page, and Escape leaves. */

export function typedInto(event: Event): HTMLElement | null {
  const target = event.composedPath()[0];
  return isField(target) ? target : null;
}

export function isField(target: unknown): target is HTMLElement {
  return target instanceof HTMLElement && target.matches("input, textarea, select");
}

/** What has the focus, within whatever it is. */
export function focusedIn(root: DocumentOrShadowRoot): Element | null {
  let at = root.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at;
}

/** Whether somebody is about to type something: a field in it has the focus and other words than it came with. */
export function typesIn(element: HTMLElement): boolean {
  const at = element.shadowRoot && focusedIn(element.shadowRoot);
  return (at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement) && !at.matches("[type=checkbox]") && at.value !== at.defaultValue;
}

/** What a field holds that tells of a change. */
export function valueOf(event: Event): string {
  return (event.target as HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement).value;
}
