// No function of src decides more than 25 times, and no file is longer than 220 lines. `npm run check:complexity`.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import ts from 'typescript'

/** How many decision points a top-level function may have, with those of the functions inside it. */
const MOST_POINTS = 25
/** How many lines a file may have. */
const MOST_LINES = 220

/** Each exception, and why it is one. An entry that is no longer needed fails. */
const EXCEPTIONS = {
  'src/observables/backends/backend.ts': 'the interface of a backend, each field with its contract',
}

const { SyntaxKind: Kind } = ts
const BRANCHES = new Set([
  Kind.IfStatement,
  Kind.ConditionalExpression,
  Kind.CaseClause,
  Kind.ForStatement,
  Kind.ForOfStatement,
  Kind.ForInStatement,
  Kind.WhileStatement,
  Kind.DoStatement,
  Kind.CatchClause,
])
const LOGICAL = new Set([
  Kind.AmpersandAmpersandToken,
  Kind.BarBarToken,
  Kind.QuestionQuestionToken,
  Kind.AmpersandAmpersandEqualsToken,
  Kind.BarBarEqualsToken,
  Kind.QuestionQuestionEqualsToken,
])

/** How many decisions a piece of code has. */
function points(node) {
  const own = BRANCHES.has(node.kind) || (ts.isBinaryExpression(node) && LOGICAL.has(node.operatorToken.kind)) ? 1 : 0
  let inside = 0
  ts.forEachChild(node, (child) => void (inside += points(child)))
  return own + inside
}

/** The functions of a file that are in no other function, each with its name. */
function topLevelFunctions(source) {
  const found = []
  const visit = (node) => {
    if (ts.isFunctionLike(node) && node.body)
      found.push([node.name?.getText() ?? node.parent?.name?.getText?.() ?? '(anonymous)', node])
    else ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

const files = execFileSync('git', ['ls-files', 'src'], { encoding: 'utf8' })
  .split('\n')
  // A generated file is one long string.
  .filter((file) => file.endsWith('.ts') && !file.endsWith('bridge-swf.ts'))

const over = new Map()
for (const file of files) {
  const text = readFileSync(file, 'utf8')
  const lines = text.split('\n').length - 1
  if (lines > MOST_LINES) over.set(file, `${lines} lines, and may have ${MOST_LINES}`)
  for (const [name, node] of topLevelFunctions(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true))) {
    const found = points(node)
    if (found > MOST_POINTS) over.set(`${file} ${name}`, `${found} decision points, and may have ${MOST_POINTS}`)
  }
}

const wrong = [
  ...[...over].filter(([at]) => !(at in EXCEPTIONS)).map(([at, found]) => `${at}: ${found}. Split it at its ideas.`),
  ...Object.keys(EXCEPTIONS)
    .filter((at) => !over.has(at))
    .map((at) => `${at}: it is no longer over the limit. Remove its exception from scripts/check-complexity.mjs.`),
]
if (wrong.length > 0) {
  console.error(wrong.join('\n'))
  process.exit(1)
}
