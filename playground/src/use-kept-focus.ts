import { nextTick, watch, type Ref } from 'vue'

/**
 * Keeps the place of a person who works by keyboard: where the focused button within an element goes when something
 * changes, the focus moves to what stays. That has `tabindex="-1"`.
 */
export function useKeptFocus(
  within: Readonly<Ref<HTMLElement | null>>,
  stays: Readonly<Ref<HTMLElement | null>>,
  changes: () => unknown,
) {
  // Before Vue takes the button away.
  watch(changes, async () => {
    const had = within.value?.contains(document.activeElement)
    await nextTick()
    if (had && document.activeElement === document.body) stays.value?.focus()
  })
}
