import { createApp } from 'vue'
import NetworkPage from './NetworkPage.vue'
import { useConnections } from './connections.ts'
import { createLadder, ticks } from './ladder.ts'
import { createTopics } from './topics.ts'

const meta = (name: string) => document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content
const line = meta('line') ?? location.origin

const { connections, news, shown, follow } = useConnections()
const push = createLadder(line, shown)
const channel = push.channel(ticks())
follow(channel)

const ofTopics = useConnections()
const topics = {
  client: createTopics(line, ofTopics.shown),
  count: Number(meta('topics') ?? 0),
  connections: ofTopics.connections,
}

createApp(NetworkPage, { connections, news, channel, topics }).use(push).mount('#app')
