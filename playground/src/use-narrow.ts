import { onScopeDispose, ref } from 'vue'

const NARROW = '(max-width: 720px)'

/** Returns whether the window is as narrow as a phone; `style.css` uses the same width. */
export function useNarrow() {
  const query = matchMedia(NARROW)
  const narrow = ref(query.matches)
  const change = () => void (narrow.value = query.matches)
  query.addEventListener('change', change)
  onScopeDispose(() => query.removeEventListener('change', change))
  return narrow
}
