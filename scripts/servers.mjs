// Finds nginx with Nchan, Redis, and what speaks to them, or installs them where that can be done, or says what to install.
import { existsSync } from 'node:fs'
import { install } from './packages.mjs'

const NEEDED = {
  'nginx-core': ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx'],
  'libnginx-mod-nchan': [
    '/usr/lib/nginx/modules/ngx_nchan_module.so',
    '/usr/lib64/nginx/modules/ngx_nchan_module.so',
    '/usr/share/nginx/modules/ngx_nchan_module.so',
  ],
  openssl: ['/usr/bin/openssl', '/usr/local/bin/openssl', '/opt/homebrew/bin/openssl'],
  curl: ['/usr/bin/curl', '/usr/local/bin/curl', '/opt/homebrew/bin/curl'],
  'redis-server': ['/usr/bin/redis-server', '/usr/local/bin/redis-server', '/opt/homebrew/bin/redis-server'],
}

const missing = () =>
  Object.entries(NEEDED)
    .filter(([, places]) => !places.some((place) => existsSync(place)))
    .map(([name]) => name)

/** Makes sure that the servers are there. Exits where they are not, and cannot be had. */
export function servers() {
  const absent = missing()
  if (absent.length === 0) return
  install('A server', ...absent)
  const still = missing()
  if (still.length === 0) return
  console.error(
    `The tests run against real servers, and some were not found: install nginx with the Nchan module, Redis, curl and openssl (Debian: \`sudo apt-get install ${still.join(' ')}\`).`,
  )
  process.exit(1)
}
