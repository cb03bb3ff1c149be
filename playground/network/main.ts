import { createApp } from 'vue'
import NetworkPage from './NetworkPage.vue'
import { useConnections } from './connections.ts'
import { createLadder, ticks } from './ladder.ts'

const line = document.querySelector<HTMLMetaElement>('meta[name="line"]')?.content ?? location.origin

const { connections, news, shown, follow } = useConnections()
const push = createLadder(line, shown)
const channel = push.channel(ticks())
follow(channel)

createApp(NetworkPage, { connections, news, channel }).use(push).mount('#app')
