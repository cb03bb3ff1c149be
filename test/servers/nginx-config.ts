import { userInfo } from 'node:os'

export interface NginxConfig {
  /** Where its files are. */
  directory: string
  module: string
  /** Where pages subscribe and publish. */
  port: number
  /** Where only this machine publishes and asks how channels are. */
  publisherPort: number
  /** What is asked before each subscription, and keeps channels from being empty. */
  guardPort: number
  /** A Redis that keeps the messages; absent: this node's memory. */
  redisPort?: number | undefined
}

/** Where a channel without a cursor begins, by the first word of its path. */
const BEGINNINGS = { push: '-1', oldest: 'oldest' }

/**
 * Channels are `/push/<name>` for every technique, or `/oldest/<name>`, which begin with all that is retained. The
 * name is captured by name, because a `map` that is looked up takes what `$1` was.
 */
export const nginxConfig = ({ directory, module, port, publisherPort, guardPort, redisPort }: NginxConfig): string => `
load_module ${module};
daemon off;
${userInfo().uid === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log notice;
events { worker_connections 4096; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${directory}/${kind};`).join('\n  ')}
  client_max_body_size 4m;
  client_body_buffer_size 4m;
  nchan_shared_memory_size 64M;
  ${redisPort === undefined ? '' : redis(redisPort)}
  # The origins that may hold a forever frame, as the query spells them and as a header does.
  map $arg_frame_parent $frame_parent {
    "~^http%3A%2F%2F(?<frame_host>localhost|127\\.0\\.0\\.1)%3A(?<frame_port>[0-9]+)$" "http://$frame_host:$frame_port";
  }
  map $arg_frame $frame_word { "~^[A-Za-z0-9_-]+$" $arg_frame; }
  # What has a location of its own: interval polls, frames, and polls that wait, which alone have a time limit.
  map $request_method:$arg_wait:$arg_frame:$http_upgrade:$http_accept $carrier {
    default "";
    "~^GET:0:" poll;
    "~^GET::[^:]" frame;
    "~^GET::::(?!.*(event-stream|multipart/mixed))" wait;
  }
  server {
    listen 127.0.0.1:${port};
${Object.entries(BEGINNINGS)
  .map(([word, first]) => channels(word, first, port, redisPort))
  .join('')}
    location = /guard {
      internal;
      proxy_pass http://127.0.0.1:${guardPort}/;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header X-Channel-Id $nchan_channel_id;
      proxy_set_header X-Cursor $arg_last_event_id;
      proxy_set_header X-Publisher-Port ${publisherPort};
    }
  }
  server {
    listen 127.0.0.1:${publisherPort};
    location ~ ^/channels/(?<channel>[\\w.-]+)$ {
      nchan_publisher;
      nchan_channel_id $channel;
      nchan_message_buffer_length $keep;
      nchan_message_timeout ${redisPort === undefined ? '0' : '1d'};
    }
  }
  map $arg_keep $keep {
    default 10000;
    "~^[0-9]+$" $arg_keep;
  }
}
`

const redis = (port: number) => `
  upstream messages {
    nchan_redis_server redis://127.0.0.1:${port};
    nchan_redis_reconnect_delay 100ms;
  }
  nchan_redis_pass messages;
  nchan_redis_pass_inheritable on;`

const channels = (word: string, first: string, port: number, redisPort: number | undefined) => `
    location ~ ^/${word}/(?<channel>[\\w.-]+)$ {
      if ($carrier) { rewrite ^/(.*)$ /$carrier/$1 last; }
      nchan_pubsub;
      ${subscription(first)}
      nchan_message_buffer_length 10000;
      nchan_message_timeout ${redisPort === undefined ? '0' : '1d'};
      nchan_eventsource_ping_interval 1;
      nchan_eventsource_ping_data "1";
      nchan_websocket_ping_interval 10;
      add_header X-Content-Type-Options nosniff always;
    }
    location ~ ^/wait/${word}/(?<channel>[\\w.-]+)$ {
      internal;
      nchan_subscriber longpoll;
      ${subscription(first)}
      # Not with Redis: it ends the node's own subscription there too, and what is published later never comes.
      ${redisPort === undefined ? 'nchan_subscriber_timeout 2;' : ''}
      add_header X-Content-Type-Options nosniff always;
    }
    location ~ ^/poll/${word}/(?<channel>[\\w.-]+)$ {
      internal;
      nchan_subscriber intervalpoll;
      ${subscription(first)}
    }
    location ~ ^/events/${word}/(?<channel>[\\w.-]+)$ {
      allow 127.0.0.1;
      deny all;
      nchan_subscriber eventsource;
      ${subscription(first)}
      nchan_eventsource_ping_interval 1;
      nchan_eventsource_ping_data "1";
    }
    location ~ ^/frame/${word}/(?<channel>[\\w.-]+)$ {
      internal;
      if ($frame_parent = "") { return 403; }
      if ($frame_word = "") { return 400; }
      proxy_pass http://127.0.0.1:${port}/events/${word}/$channel$is_args$args;
      ${FRAME}
    }
`

const subscription = (first: string) => `nchan_authorize_request /guard;
      nchan_channel_id $channel;
      nchan_subscriber_first_message ${first};
      nchan_access_control_allow_origin "*";`

/**
 * A forever frame made of an event stream by substitution. What was sent is text of the page, escaped, so none of it is
 * a tag or a script; a script after each event posts that text to the parent. It uses no \`$\` and no backslash, which
 * are nginx's own.
 */
const SCRIPT = `var W='$frame_word',O='$frame_parent',N=String.fromCharCode(10);
function post(t){parent.postMessage({push:W,frame:t},O)}
function p(){
var b=document.body,t='',h={},d=[],f='';
b.childNodes.forEach(function(n){if(n.nodeType==3)t+=n.data});
b.replaceChildren();
t.split(N).forEach(function(l){var i=l.indexOf(': '),n=l.slice(0,i),v=l.slice(i+2);if(n=='data')d.push(v);else if(i>0)h[n]=v});
if(!h.id){h={push:'ping'};d=['{}']}
else if(h.event&&h.event.indexOf('push.')==0){h.push=h.event.slice(5);delete h.event}
for(var k in h)f+=k+': '+h[k]+N;
post(f+N+d.join(N))}
document.body.replaceChildren();post('push: open'+N+N+'{&quot;heartbeat&quot;:1}')`
  .replaceAll('&quot;', '\\"')
  .replaceAll('\n', '')

// WebKit runs no script of a document before so many bytes.
const PADDING = ' '.repeat(512)

const FRAME = `proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Accept text/event-stream;
      proxy_set_header Accept-Encoding "";
      proxy_buffering off;
      proxy_read_timeout 1h;
      gzip off;
      # Of a document that breaks off in the middle of a chunked answer Chromium tells nobody.
      chunked_transfer_encoding off;
      keepalive_timeout 0;
      proxy_hide_header Content-Type;
      add_header Content-Type "text/html; charset=utf-8" always;
      add_header Content-Security-Policy "default-src 'none'; script-src 'unsafe-inline'; frame-ancestors $frame_parent; sandbox allow-scripts allow-same-origin" always;
      add_header Cache-Control no-store always;
      add_header X-Content-Type-Options nosniff always;
      sub_filter_types *;
      sub_filter_once off;
      sub_filter ": hi\\n\\n" "<!doctype html><meta charset=utf-8><body>${PADDING}<script>${SCRIPT}</script>";
      sub_filter "\\n\\n" "<script>p()</script>";
      sub_filter "&" "&amp;";
      sub_filter "<" "&lt;";`
