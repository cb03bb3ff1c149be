import { writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { defineConfig, type DefaultTheme, type MarkdownOptions } from 'vitepress'

/** The pages of documents that live outside of `docs`. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'README.md': '/',
  'SECURITY.md': '/production/security',
  'PROTOCOL.md': '/reference/protocol',
  'CHANGELOG.md': '/reference/changelog',
  'ARCHITECTURE.md': '/contributing/architecture',
  'CONTRIBUTING.md': '/contributing/',
  'deploy/README.md': '/production/nginx',
}

/** The folders of the documents that pages include, whose links are relative to them. */
const INCLUDED: Readonly<Record<string, string>> = { 'production/nginx.md': 'deploy' }

/**
 * Leads the links to files of the repository to their pages. A link to a file without a page, such as source code, is shown as
 * text.
 */
const repositoryLinks: MarkdownOptions['config'] = (md) => {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    const page = (env as { relativePath: string }).relativePath
    const folder = ELSEWHERE_PAGES.has(page) ? (INCLUDED[page] ?? '') : posix.join('docs', posix.dirname(page))
    for (const { children } of tokens) {
      let isText = false
      for (const token of children ?? []) {
        if (token.type === 'link_close' && isText) {
          token.hidden = true
          token.tag = 'span'
          isText = false
        }
        const href = token.type === 'link_open' ? token.attrGet('href') : undefined
        if (!href || /^([a-z]+:|#|\/)/.test(href)) continue
        const [path = '', anchor] = href.split('#')
        const file = posix.join(folder, path)
        if (file.startsWith('docs/')) {
          token.attrSet('href', `/${file.slice('docs/'.length)}${anchor ? `#${anchor}` : ''}`)
          continue
        }
        const known = ELSEWHERE[file]
        if (known) token.attrSet('href', `${known}${anchor ? `#${anchor}` : ''}`)
        else {
          token.tag = 'span'
          token.attrs = null
          token.type = 'text_open'
          isText = true
        }
      }
    }
  })
}

const ELSEWHERE_PAGES: ReadonlySet<string> = new Set(
  Object.values(ELSEWHERE).map((path) => `${path.slice(1)}${path.endsWith('/') ? 'index' : ''}.md`),
)

const sidebar: DefaultTheme.SidebarItem[] = [
  {
    text: 'Start',
    items: [
      { text: 'Your server', link: '/start/your-server' },
      { text: 'The embedded hub', link: '/start/embedded-hub' },
    ],
  },
  {
    text: 'Guide',
    items: [
      { text: 'Recipes', link: '/guide/recipes' },
      { text: 'Sending', link: '/guide/sending' },
      { text: 'Fallback', link: '/guide/fallback' },
      { text: 'Plain RxJS', link: '/guide/rxjs' },
      { text: 'Testing your app', link: '/guide/testing' },
      { text: 'Devtools', link: '/guide/devtools' },
      { text: 'When things break', link: '/guide/when-things-break' },
    ],
  },
  {
    text: 'Techniques',
    items: [
      { text: 'All techniques', link: '/techniques/' },
      { text: 'Flash Socket', link: '/techniques/flash-socket' },
    ],
  },
  {
    text: 'Servers',
    items: [
      { text: 'All servers', link: '/servers/' },
      { text: 'The hub', link: '/servers/hub' },
      { text: 'Socket.IO', link: '/servers/socket-io' },
      { text: 'Laravel Reverb, Pusher, Soketi', link: '/servers/laravel' },
      { text: 'Phoenix', link: '/servers/phoenix' },
      { text: 'Rails and AnyCable', link: '/servers/rails' },
      { text: 'GraphQL subscriptions', link: '/servers/graphql' },
      { text: 'Centrifugo', link: '/servers/centrifugo' },
      { text: 'Your own, with topics', link: '/servers/topics' },
    ],
  },
  {
    text: 'Production',
    items: [
      { text: 'The hub', link: '/production/hub' },
      { text: 'Past one machine', link: '/production/scaling' },
      { text: 'nginx with Nchan', link: '/production/nginx' },
      { text: 'Security', link: '/production/security' },
    ],
  },
  {
    text: 'Reference',
    items: [
      { text: 'Entry points', link: '/reference/entry-points' },
      { text: 'Errors', link: '/reference/errors' },
      { text: 'Test results', link: '/reference/test-results' },
      { text: "The hub's protocol", link: '/reference/protocol' },
      { text: 'Changes', link: '/reference/changelog' },
    ],
  },
  {
    text: 'Contributing',
    items: [
      { text: 'Work on it', link: '/contributing/' },
      { text: 'Architecture', link: '/contributing/architecture' },
    ],
  },
]

const DESCRIPTION = 'Server push for Vue, Pinia and RxJS that never loses a message silently'

/** Lists the pages for language models. See https://llmstxt.org */
function llmsText(): string {
  const parts = sidebar.map(({ text, items = [] }) => {
    const pages = items.map((page) => `- [${page.text}](${page.link})`)
    return [`## ${text}`, '', ...pages, ''].join('\n')
  })
  return [`# pinia-push`, '', `> ${DESCRIPTION}`, '', ...parts].join('\n')
}

export default defineConfig({
  title: 'pinia-push',
  description: DESCRIPTION,
  cleanUrls: true,
  buildEnd: ({ outDir }) => writeFileSync(join(outDir, 'llms.txt'), llmsText()),
  markdown: {
    config: repositoryLinks,
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/start/your-server' },
      { text: 'Guide', link: '/guide/recipes' },
      { text: 'Servers', link: '/servers/' },
      { text: 'Reference', link: '/reference/entry-points' },
    ],
    sidebar,
    outline: 'deep',
    search: { provider: 'local' },
  },
})
