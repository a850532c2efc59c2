import MediaCore

/// What commands of the operator work with: their own process' counters, and the rights of an administrator.
package enum CommandLineContext {
    package static func make(_ configuration: Configuration) throws -> Context {
        Context(try Environment(configuration: configuration, metrics: Metrics()))
    }
}

extension Context {
    /// Whoever may run commands of the service has its database's password.
    private static let operatorCaller = Caller.user(User(id: "operator", roles: [.admin]))

    /// Makes a signed link.
    ///
    /// - Returns: its URL.
    package func signLink(_ order: SignLinks.Order) throws -> String {
        try SignLinks(context: self).run([order], Self.operatorCaller)[0].get().url
    }
}
