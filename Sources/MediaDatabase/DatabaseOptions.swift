/// Where MariaDB is and how long to wait for it.
package struct DatabaseOptions: Sendable {
    /// How the connection is protected.
    package enum TLS: Sendable, Equatable {
        case off
        /// Encrypted, the server's certificate not checked.
        case encrypted
        /// Encrypted, and the server's certificate has to be signed by this authority (a PEM file; nil: the system's).
        case verified(authority: String?)
    }

    /// Where a server listens.
    package struct Host: Sendable, Equatable {
        package var name: String
        package var port: UInt32

        package init(_ name: String, port: UInt32) {
            self.name = name
            self.port = port
        }
    }

    /// One server, or the nodes of a cluster: the first is used for as long as it can be, then the next.
    package var hosts: [Host]
    /// A socket's path; used instead of hosts where given.
    package var socket: String?
    package var user: String
    package var password: String
    package var database: String
    package var tls: TLS
    /// Seconds to wait for a connection.
    package var connectTimeout: UInt32
    /// Seconds to wait for an answer.
    package var answerTimeout: UInt32

    package init(
        hosts: [Host], socket: String?, user: String, password: String, database: String, tls: TLS,
        connectTimeout: UInt32, answerTimeout: UInt32
    ) {
        self.hosts = hosts
        self.socket = socket
        self.user = user
        self.password = password
        self.database = database
        self.tls = tls
        self.connectTimeout = connectTimeout
        self.answerTimeout = answerTimeout
    }
}
