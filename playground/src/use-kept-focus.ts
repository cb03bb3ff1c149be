import { nextTick, watch, type Ref } from 'vue'

/**
 * Keeps the keyboard focus: if a change removes the focused button within an element, the focus moves to `stays`, an
 * element with `tabindex="-1"`.
 */
export function useKeptFocus(
  within: Readonly<Ref<HTMLElement | null>>,
  stays: Readonly<Ref<HTMLElement | null>>,
  changes: () => unknown,
) {
  // Runs before Vue removes the button.
  watch(changes, async () => {
    const had = within.value?.contains(document.activeElement)
    await nextTick()
    if (had && document.activeElement === document.body) stays.value?.focus()
  })
}
