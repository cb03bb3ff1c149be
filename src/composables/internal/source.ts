import { toRaw } from 'vue'
import type { AnyDescriptor, ChannelDescriptor, Nameless } from '../../observables/index.ts'

/** What may be read: a descriptor, or nothing. */
export type PushSource<T, S> = ChannelDescriptor<T, S> | null | undefined

/** The same of any channel, or a bare URL. */
export type AnySource = AnyDescriptor | Nameless

/** Descriptors are made anew by every getter: what they name tells whether they are the same. */
export const sameSource = (a: AnySource, b: AnySource): boolean =>
  a === b || (typeof a === 'object' && typeof b === 'object' && a?.url === b?.url && a?.definition === b?.definition)

/** A ref makes what it holds reactive, and a definition that is wrapped is another one. */
export const unwrapped = <A extends AnySource>(source: A): A => toRaw(source)
