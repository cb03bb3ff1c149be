// No name of the public interface that was retired comes back, in code, tests or docs. `npm run check:names`.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Each retired name as it would be written, and the name of today. */
const RETIRED = [
  [/\bcreatePush(Client)?\(\{[^}]*\bvia:/s, 'technique'],
  [/\b[dD]ialects?\b/, 'backend'],
  [/\bplain\(\{|\bplain\(\)/, 'standard()'],
  [/\bpageLife\b/, 'pageLifecycle'],
  [/\blife: (pageLifecycle|reconnect)/, 'lifecycle'],
  [/\bopenWithin\b/, 'connectTimeout'],
  [/\bsendBuffer\b/, 'maxQueuedSends'],
  [/\blinger:/, 'disconnectDelay'],
  [/\bhiddenPolls\b/, 'hiddenPollInterval'],
  [/\bshortLife\b/, 'minUptime'],
  [
    /\bbackoff\(\{[^}]*\b(base|max|factor|tries|budget):/,
    'initialDelay, maxDelay, multiplier, maxRetries, maxElapsedTime',
  ],
  [/\bpolling\(\{[^}]*\b(floor|ceiling|growth):/, 'minInterval, maxInterval, backoffFactor'],
  [/\bretryIn\b/, 'secondsUntilRetry'],
  [/\bdeactivated: '/, 'pauseOnDeactivated'],
  [/\bTakeSnapshot\b/, 'LoadSnapshot'],
  [/\bfirstMessage\b|first-message/, 'startFrom'],
  [/\bmaxBacklog\b/, 'maxBufferedBytes'],
  [/\bcreateHub\(\{[^}]*\b(origins|hosts):/, 'allowedOrigins, allowedHosts'],
  [/\bscriptedTechnique\b|\bScripted(Technique|Connection)\b/, 'mockTechnique'],
  [/\bexpectNoLeaks\b/, 'assertNoLeaks'],
  [/\btellsGaps\b/, 'reportsGaps'],
  [/\bROTATE\b/, 'RECYCLE'],
  [
    /import (type )?\{[^}]*\b[fF]lashSocket\w*[^}]*\} from 'pinia-push(\/observables)?'/,
    "from 'pinia-push/flash-socket'",
  ],
  [
    /import (type )?\{[^}]*\b(RECYCLE|END|ALIVE|IDLE|connectionState|reconnect|LinkEvent|PushRequest|Source(Alive|Event|Message|Open)|selectPart|pollLoop)\b[^}]*\} from 'pinia-push(\/observables)?'/,
    "from 'pinia-push/kit'",
  ],
  [/\bHeldConnections\b/, 'ConnectionLimit'],
  [/\bmadeOf\b/, 'recordOptions'],
  [/\bredactQuery\b/, 'redactUrl'],
  [
    /['"`](unreachable|gave-up|too-many-streams|cannot-send|send-lost|send-refused|no-technique|no-push|unexpected-answer)['"`]/,
    'a code of PushErrorCode',
  ],
  [/\b(status|type|sees\(|data-status=)[ =:!(]*['"]waiting['"]/, 'reconnecting'],
  [/\breason: ['"](unproven|expired|unknown)['"]/, 'a reason of GapReason'],
]

const files = execFileSync('git', ['ls-files', 'src', 'test', 'playground', 'bench', 'deploy', '*.md'], {
  encoding: 'utf8',
})
  .split('\n')
  // What holds that the old names do not compile has to name them.
  .filter((file) => file !== 'test/types/retired-names.test-d.ts' && /\.(ts|vue|mjs|md)$/.test(file))
const found = files.flatMap((file) => {
  const text = readFileSync(file, 'utf8')
  return RETIRED.flatMap(([old, today]) => {
    const match = old.exec(text)
    if (!match) return []
    const line = text.slice(0, match.index).split('\n').length
    return [`${file}:${line}: ${match[0].split('\n')[0]} is retired: ${today}`]
  })
})
if (found.length > 0) {
  console.error(found.join('\n'))
  process.exit(1)
}
