package import MediaCore
import MediaDatabase

/// A request that its caller has no right to. Counted and logged where it becomes an answer.
package struct AccessRefused: Error, CustomStringConvertible {
    /// What the caller is told.
    package let problem: Problem
    /// `Caller.name`.
    let caller: String
    /// What exactly is refused, which the caller isn't always told.
    let reason: String
    /// The record's id as the request named it, or empty.
    var media = ""

    package var description: String { "\(problem.detail) (\(reason))" }

    init(problem: Problem, caller: String, reason: String) {
        self.problem = problem
        self.caller = caller
        self.reason = reason
    }

    /// - Parameter id: the record's id as the request named it.
    init(_ refusal: AccessPolicy.Refusal, _ caller: Caller, id: String = "") {
        // It may be anything that a URL can hold.
        media = TextRules.prefix(id, 100)
        self.caller = caller.name
        reason = refusal.text
        problem =
            switch refusal {
            case .unauthenticated: .unauthenticated("This needs an API key or a token: 'Authorization: Bearer …'.")
            case .missingScope(let scope): .forbidden("The API key lacks the scope '\(scope.rawValue)'.")
            case .forbidden(let rule): .forbidden(rule.rawValue)
            case .notFound: .mediaNotFound(media)
            case .notReady(let status): .notReady(status)
            case .link(let fault): Problem(fault.code, fault.detail)
            }
    }
}

/// Asks the access policy.
enum Authorize {
    /// What can be said of an action before the record is looked up, so that a refused request costs nothing more.
    static func checkEarly(_ caller: Caller, _ action: AccessPolicy.RecordAction) throws(AccessRefused) {
        guard case .refused(let refusal) = AccessPolicy.decide(caller, .act(action, nil)), refusal != .notFound else {
            return
        }
        throw AccessRefused(refusal, caller)
    }

    /// The same for a request whose parts are decided on one by one: refuses a caller who may do none of the actions.
    static func checkEarly(_ caller: Caller, anyOf actions: [AccessPolicy.RecordAction]) throws(AccessRefused) {
        var refusal: AccessRefused?
        for action in actions {
            do {
                return try checkEarly(caller, action)
            } catch {
                refusal = refusal ?? error
            }
        }
        if let refusal { throw refusal }
    }

    /// Asks about a record, for whose entities the connection is asked where the decision depends on them.
    ///
    /// - Parameter media: nil where there is none.
    static func check(
        _ caller: Caller, _ action: AccessPolicy.RecordAction, on media: Media?, id: String, _ connection: Connection
    ) throws {
        try check(caller, .act(action, try facts(media?.facts, of: MediaID(id), for: caller, connection)), id: id)
    }

    /// What a decision on a record depends on, with its entities if they matter.
    ///
    /// - Parameters:
    ///   - known: what the record itself says; nil where there is none.
    ///   - id: the record's, or what would be.
    static func facts(
        _ known: AccessPolicy.Facts?, of id: MediaID?, for caller: Caller, _ connection: Connection
    ) throws -> AccessPolicy.Facts? {
        guard let id, AccessPolicy.dependsOnEntities(caller, ownerID: known?.ownerID) else { return known }
        let entities = try MediaRepository(connection).entities(of: id)
        var facts = known
        facts?.entities = entities
        return facts
    }

    /// - Parameter id: the record's id as the request named it.
    /// - Returns: why the action is allowed.
    @discardableResult
    static func check(
        _ caller: Caller, _ action: AccessPolicy.Action, id: String = ""
    ) throws(AccessRefused) -> AccessPolicy.Reason {
        switch AccessPolicy.decide(caller, action) {
        case .allowed(let reason): return reason
        case .refused(let refusal): throw AccessRefused(refusal, caller, id: id)
        }
    }
}
