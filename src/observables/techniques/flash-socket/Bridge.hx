import flash.errors.Error;
import flash.events.Event;
import flash.events.IOErrorEvent;
import flash.events.ProgressEvent;
import flash.events.SecurityErrorEvent;
import flash.external.ExternalInterface;
import flash.net.Socket;
import flash.utils.ByteArray;

/**
 * Sockets for JavaScript, whose messages are lines (LF).
 *
 * Called by ExternalInterface: socketConnect(id, host, port), socketSend(id, lines), socketClose(id); each says whether
 * it could. Calls by fscommand, because ExternalInterface.call would need `unsafe-eval`: "ready", "up:<id>" when the
 * other side is there, "lines:<id>" with all that are whole, "part:<id>" when bytes came that make none whole yet,
 * "gone:<id>" with the reason.
 */
class Bridge {
	static final connections:Map<Int, Connection> = new Map();

	static function main() {
		ExternalInterface.addCallback("socketConnect", connect);
		ExternalInterface.addCallback("socketSend", send);
		ExternalInterface.addCallback("socketClose", close);
		flash.Lib.fscommand("ready", "");
	}

	static function connect(id:Int, host:String, port:Int):Bool {
		var connection = new Connection(id);
		connections.set(id, connection);
		try {
			connection.connect(host, port);
			return true;
		} catch (error:Error) {
			connections.remove(id);
			return false;
		}
	}

	static function send(id:Int, lines:String):Bool {
		var connection = connections.get(id);
		try {
			return connection != null && connection.send(lines);
		} catch (error:Error) {
			return false;
		}
	}

	static function close(id:Int):Bool {
		var connection = connections.get(id);
		connections.remove(id);
		if (connection != null) connection.close();
		return connection != null;
	}

	public static function forget(id:Int):Bool {
		return connections.remove(id);
	}
}

class Connection {
	static inline final LINE_FEED = 10;

	final id:Int;
	final socket = new Socket();
	var unread = new ByteArray();
	var up = false;
	var left = false;

	public function new(id:Int) {
		this.id = id;
		socket.addEventListener(Event.CONNECT, _ -> if (left) socket.close());
		socket.addEventListener(ProgressEvent.SOCKET_DATA, read);
		socket.addEventListener(Event.CLOSE, _ -> end("closed"));
		socket.addEventListener(IOErrorEvent.IO_ERROR, event -> end(event.text));
		socket.addEventListener(SecurityErrorEvent.SECURITY_ERROR, event -> end(event.text));
	}

	public function connect(host:String, port:Int) {
		socket.connect(host, port);
	}

	public function send(lines:String):Bool {
		if (!socket.connected) return false;
		socket.writeUTFBytes(lines);
		socket.flush();
		return true;
	}

	public function close() {
		left = true;
		// One that is not connected yet cannot be closed yet.
		if (socket.connected) socket.close();
	}

	function read(_) {
		if (left) return;
		// `connect` is told before anything is connected; bytes, or a frame without any, come when the other side is there.
		if (!up) say("up", "");
		up = true;
		if (socket.bytesAvailable == 0) return;
		var from:Int = unread.length;
		socket.readBytes(unread, from);
		var whole:Int = unread.length;
		while (whole > from && unread[whole - 1] != LINE_FEED) whole--;
		if (whole == from) return say("part", "");
		var rest = new ByteArray();
		if (whole < Std.int(unread.length)) rest.writeBytes(unread, whole);
		unread.length = whole - 1;
		// `readUTFBytes` would end at the first NUL.
		var lines = unread.toString();
		unread = rest;
		say("lines", lines);
	}

	function end(reason:String) {
		if (Bridge.forget(id)) say("gone", reason);
	}

	function say(word:String, text:String) {
		flash.Lib.fscommand(word + ":" + id, text);
	}
}
