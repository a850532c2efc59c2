import Logging
import MediaCore
import MediaDatabase

/// Changes, deletes and restores many records, one after the other, each in a transaction of its own: what one of them
/// ends with has nothing to do with the others.
struct ChangeMany {
    let context: Context

    /// What is to become of one record.
    struct Order: Equatable {
        enum Action: Equatable {
            case update(ChangeMedia.Changes)
            case delete(isForced: Bool)
            /// To remove record and bytes for good.
            case destroy(isForced: Bool)
            case restore
        }

        /// As the request names it.
        var id: String
        var action: Action
        var precondition = Precondition.none
    }

    /// - Parameter end: no record is begun after this.
    /// - Returns: the record or why not, for each order in turn.
    func run(_ orders: [Order], _ caller: Caller, until end: ContinuousClock.Instant) -> [Result<Media, any Error>] {
        var results: [Result<Media, any Error>] = []
        results.reserveCapacity(orders.count)
        var obstacle: Problem?
        for order in orders {
            if obstacle == nil, end < .now { obstacle = Self.outOfTime }
            if let obstacle {
                results.append(.failure(obstacle))
                continue
            }
            do {
                results.append(.success(try run(order, caller)))
            } catch let error as MariaDBError where error.isConnectionLoss || error.code == .outcomeUnknown {
                context.environment.metrics.add(.databaseFailures)
                context.logger.error("database failure", metadata: ["error": "\(error)"])
                results.append(.failure(Problem.outcomeUnknown))
                // Each try would fail the same way, and take its time where the server hangs.
                obstacle = Self.outage
            } catch {
                results.append(.failure(error))
            }
        }
        return results
    }

    private func run(_ order: Order, _ caller: Caller) throws -> Media {
        let operation = ChangeMedia(context: context)
        switch order.action {
        case .update(let changes): return try operation.update(order.id, changes, if: order.precondition, caller)
        case .delete(let isForced):
            return try operation.delete(order.id, if: order.precondition, isForced: isForced, caller)
        case .destroy(let isForced):
            return try operation.destroy(order.id, if: order.precondition, isForced: isForced, caller)
        case .restore: return try operation.restore(order.id, if: order.precondition, caller)
        }
    }

    private static let outage = Problem.unavailable("Not done: the database can't be reached now.")
    private static let outOfTime = Problem.unavailable(
        "Not done: the operations before took all the time that a request has.")
}
