import HTTPTypes
import Logging
import MediaCore
import MediaDatabase
import MediaHTTP
import MediaStorage

/// The one place where errors of the layers below become problem details. What is internal stays in the log.
enum ProblemMapping {
    static func problem(for error: HTTPError) -> Problem {
        let code: ProblemCode =
            switch error.kind {
            case .invalidRequest: .invalidRequest
            case .notFound: .notFound
            case .methodNotAllowed: .methodNotAllowed
            case .bodyTooLarge: .tooLarge
            case .headerTooLarge: .headerTooLarge
            }
        return Problem(
            code, error.field.map { "\($0): \(error.reason)" } ?? error.reason,
            errors: error.field.map { [.init($0, error.reason)] } ?? [])
    }

    static func problem(for error: any Error, _ context: Context) -> Problem {
        let metrics = context.environment.metrics
        switch error {
        case let problem as Problem: return problem
        case let refusal as AccessRefused:
            metrics.add(.accessRefused)
            context.logger.notice(
                "access refused",
                metadata: [
                    "caller": "\(refusal.caller)", "reason": "\(refusal.reason)", "media": "\(refusal.media)",
                ])
            context.environment.recorder.refusals.note(
                context.auditEntry(
                    .refused, refusal.caller, mediaID: refusal.media.isEmpty ? nil : refusal.media,
                    detail: TextRules.prefix("\(refusal.reason): \(context.requestLine)", 500)))
            return refusal.problem
        case let error as HTTPError: return self.problem(for: error)
        case let error as MariaDBError:
            metrics.add(.databaseFailures)
            context.logger.error("database failure", metadata: ["error": "\(error)"])
            if error.code == .outcomeUnknown { return .outcomeUnknown }
            if error.code == .statementTimeout {
                return .unavailable(
                    "The database took too long for this. A list or search is quicker of one user or one entity.")
            }
            if error.isConnectionLoss || error.isTransient {
                return .unavailable("The database can't be reached now.")
            }
        case let error as StorageError:
            metrics.add(.storageFailures)
            context.logger.error("storage failure", metadata: ["error": "\(error)"])
            if error.isFull { return .insufficientStorage }
            if error.isReadOnly { return .unavailable("The store takes no files now.", retryAfter: 60) }
        case let error as RemoteStorageError:
            metrics.add(.storageFailures)
            context.logger.error("store failure", metadata: ["store": "\(error.store)", "error": "\(error)"])
            return .unavailable("The store can't be reached now.", retryAfter: 30)
        case let error as CredentialFailure:
            metrics.add(.storageFailures)
            context.logger.error("a store's credentials can't be had", metadata: ["error": "\(error)"])
            return .unavailable("The store can't be reached now.", retryAfter: 30)
        default: context.logger.error("unexpected failure", metadata: ["error": "\(error)"])
        }
        metrics.add(.internalErrors)
        return .internalError
    }
}
