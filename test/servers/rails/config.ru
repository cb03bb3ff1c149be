# Action Cable on puma, without the rest of Rails.
require 'action_cable'
require 'json'
require 'logger'

module ApplicationCable
  class Connection < ActionCable::Connection::Base
    identified_by :user

    def connect
      reject_unauthorized_connection if request.params['token'] == 'revoked'
      self.user = request.params['token'] || 'anonymous'
    end
  end

  class Channel < ActionCable::Channel::Base; end
end

class RoomChannel < ApplicationCable::Channel
  def subscribed
    return reject if params[:id] == 'denied'
    stream_from params[:id]
  end

  def speak(data)
    ActionCable.server.broadcast(params[:id], { text: data['text'] })
  end
end

ActionCable.server.config.cable = { 'adapter' => 'async' }
ActionCable.server.config.connection_class = -> { ApplicationCable::Connection }
ActionCable.server.config.disable_request_forgery_protection = true
ActionCable.server.config.logger = Logger.new(IO::NULL)
# By default, Rails handles messages in several threads, and so in any order. These tests need one order.
ActionCable.server.config.worker_pool_size = 1
ONE_THREAD = Concurrent::SingleThreadExecutor.new
ActionCable::Connection::StreamEventLoop.define_method(:post) { |task = nil, &block| ONE_THREAD << (task || block) }

map('/cable') { run ActionCable.server }
map('/publish') do
  run lambda { |env|
    JSON.parse(env['rack.input'].read).then { |it| ActionCable.server.broadcast(it['stream'], { text: it['text'] }) }
    [204, {}, []]
  }
end
