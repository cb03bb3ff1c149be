// What tests, bench and playground run in and on, where it is found, and by which Debian package it comes.
import { existsSync, readdirSync } from 'node:fs'
import { install } from './packages.mjs'

const bin = (name) =>
  ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/opt/homebrew/bin'].map((at) => `${at}/${name}`)
const lib = (name) =>
  [
    '/usr/lib',
    '/usr/lib64',
    '/usr/libexec',
    '/usr/share',
    ...readdirSync('/usr/lib').map((at) => `/usr/lib/${at}`),
  ].map((at) => `${at}/${name}`)

const chromium = [...bin('chromium'), ...bin('chromium-browser'), ...bin('google-chrome')]

/** `variable`: names another place, and tells the tests which it is. */
const NEEDED = {
  chromium: { variable: 'CHROMIUM', places: chromium },
  // The same engine without windows, which costs less. Systems that do not package it use the browser.
  'chromium-headless-shell': {
    variable: 'CHROMIUM_HEADLESS_SHELL',
    places: [...lib('chromium/chromium-headless-shell'), ...chromium],
  },
  'firefox-esr': { variable: 'FIREFOX', places: [...bin('firefox-esr'), ...bin('firefox')] },
  'libwebkit2gtk-4.1-0': { variable: 'MINI_BROWSER', places: lib('webkit2gtk-4.1/MiniBrowser') },
  'webkit2gtk-driver': { places: bin('WebKitWebDriver') },
  xvfb: { places: bin('Xvfb') },
  'nginx-core': { places: bin('nginx') },
  'libnginx-mod-nchan': { places: lib('nginx/modules/ngx_nchan_module.so') },
  'redis-server': { places: bin('redis-server') },
  openssl: { places: bin('openssl') },
  haxe: { places: bin('haxe') },
  curl: { places: bin('curl') },
  'php-cli': { places: bin('php') },
  python3: { places: bin('python3') },
  iproute2: { places: bin('ip') },
  puma: { places: bin('puma') },
  'ruby-actioncable': { places: ['/usr/share/doc/ruby-actioncable'] },
  systemd: { places: bin('systemd-analyze') },
}

/** What Action Cable of Rails needs. */
export const RAILS = ['puma', 'ruby-actioncable']

/** What nodes of nginx with Nchan need. */
export const NODES = ['nginx-core', 'libnginx-mod-nchan', 'redis-server']

const find = (name) => {
  const { variable = '', places } = NEEDED[name]
  return [process.env[variable], ...places].find((place) => place && existsSync(place))
}

/**
 * Makes sure that these are there, and gives the variables that say where. Installs Debian's where they are missing and
 * this is root; otherwise says what to do, and exits.
 */
export function needed(...names) {
  const missing = () => names.filter((name) => !find(name))
  if (missing().length > 0) install(...missing())
  if (missing().length > 0) {
    const packages = missing().join(' ')
    console.error(
      `This runs in real browsers and on real servers, and some were not found: install them (Debian: \`sudo apt-get install ${packages}\`)${variables(missing())}.`,
    )
    process.exit(1)
  }
  return Object.fromEntries(
    names.filter((name) => NEEDED[name].variable).map((name) => [NEEDED[name].variable, find(name)]),
  )
}

/** How to name another place of what is missing. */
function variables(names) {
  const known = names.map((name) => NEEDED[name].variable).filter(Boolean)
  return known.length > 0 ? `, or name the place of a browser by ${known.join(', ')}` : ''
}
