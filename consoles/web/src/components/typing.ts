/** Fields that are typed into: there letters and digits are text, not keys of the page, and Escape leaves. */

export function typedInto(event: Event): HTMLElement | null {
  const target = event.composedPath()[0];
  return target instanceof HTMLElement && target.matches("input, textarea, select") ? target : null;
}

/** Whether somebody is about to type something: a field in it has the focus and other words than it came with. */
export function typesIn(element: HTMLElement): boolean {
  let at = element.shadowRoot?.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return (at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement) && !at.matches("[type=checkbox]") && at.value !== at.defaultValue;
}

/** What a field holds that tells of a change. */
export function valueOf(event: Event): string {
  return (event.target as HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement).value;
}
