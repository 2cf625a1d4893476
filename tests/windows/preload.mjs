// wine knows no keep-alive of a socket and fails the connection of one that asked for it, as fetch does; nothing of ours depends on it.
import net from "node:net";

net.Socket.prototype.setKeepAlive = function () {
	return this;
};
