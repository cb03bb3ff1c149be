import { firstValueFrom } from 'rxjs'
import type { StateTree } from 'pinia'
import { sourceError } from '../composables/internal/follow-source.ts'
import { sameSource, type PushSource } from '../composables/internal/source.ts'
import { PushError } from '../observables/index.ts'
import { errorMessage } from '../observables/internal/redact-url.ts'
import type { SyncStoreOptions } from './sync-store.ts'
import type { KeptPlace } from './kept-places.ts'
import { loadSnapshot } from './snapshot.ts'

export interface PrefetchOptions extends Pick<SyncStoreOptions<unknown, StateTree>, 'binding' | 'patch' | 'fault'> {
  /** What the binding's source names now. */
  present: () => PushSource<unknown, unknown>
  keep: (place: KeptPlace) => void
  report: (error: unknown) => void
}

/**
 * A binding's `refresh` on a server, where nothing connects: it takes the snapshot, once for each channel however many
 * components ask, and keeps its place for the page to go on from.
 */
export function prefetch({ binding, present, patch, fault, keep, report }: PrefetchOptions): () => Promise<void> {
  let source: PushSource<unknown, unknown>
  let taking: Promise<void> | undefined

  const take = async () => {
    const { snapshot } = binding()
    if (!source || !snapshot) return
    const { url } = source
    try {
      const { state, cursor, version } = await firstValueFrom(loadSnapshot(snapshot))
      if (present()?.url !== url) return
      let whole = false
      patch((current) => {
        Object.assign(current, state)
        whole = true
      })
      fault(undefined)
      if (whole && cursor !== undefined) keep({ url, cursor, version })
    } catch (cause) {
      fault(new PushError('snapshot-failed', `the snapshot failed: ${errorMessage(cause)}`, { cause }))
    }
  }

  return () => {
    let now: typeof source
    try {
      now = present()
    } catch (thrown) {
      fault(sourceError(thrown, report))
      return Promise.resolve()
    }
    if (taking && sameSource(source, now)) return taking
    source = now
    return (taking = take())
  }
}
