import { PushError } from '../errors.ts'
import { DEV } from '../internal/dev.ts'
import type { TopicTable } from './topic-table.ts'

/** Returns the topic of a subscription. @throws PushError `not-connected` if the connection does not have it */
export function nameOfTopic(topics: TopicTable, id: number): string {
  const name = topics.nameOf(id)
  if (name === undefined) throw new PushError('not-connected', DEV && 'The topic is not subscribed.')
  return name
}
