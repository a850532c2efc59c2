import Logging
import MediaCore

/// Asks the access policy and turns its refusal into an answer, counted and logged.
enum Authorize {
    /// - Parameter id: the record's id as the request named it, for the message.
    static func check(
        _ caller: Caller, _ action: AccessPolicy.Action, id: String = "", _ context: Context
    ) throws(Problem) {
        guard case .refused(let refusal) = AccessPolicy.decide(caller, action) else { return }
        context.environment.metrics.add(.accessRefused)
        // It may be anything that a URL can hold.
        let id = String(id.prefix(100))
        context.logger.notice(
            "access refused", metadata: ["caller": "\(caller.logName)", "reason": "\(refusal)", "media": "\(id)"])
        switch refusal {
        case .unauthenticated:
            throw .unauthenticated("This needs an API key: 'Authorization: Bearer mk_…'.")
        case .missingScope(let scope): throw .forbidden("The API key lacks the scope '\(scope.rawValue)'.")
        case .notFound: throw .mediaNotFound(id)
        }
    }
}

extension Caller {
    /// As logs name the caller.
    var logName: String {
        switch self {
        case .anonymous: "anonymous"
        case .service(let keyID, _): "key \(keyID)"
        }
    }
}
