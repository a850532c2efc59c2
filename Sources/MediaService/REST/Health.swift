import HTTPTypes
import Logging
import MediaCore
import MediaDatabase
import MediaHTTP
import MediaStorage

/// `GET /healthz` and `GET /readyz`, for load balancers and supervisors.
enum Health {
    /// A worker is alive and answers.
    @Sendable static func alive(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        .json(.object([.init("status", .string("alive"))]))
    }

    /// Everything that serving needs is there: the database with its schema, a store that takes files.
    @Sendable static func ready(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let checks = [
            ("database", check(context) { try database(context) }),
            ("store", check(context) { try context.environment.storage.checkWritable() }),
        ]
        let isReady = checks.allSatisfy { $0.1 == "ok" }
        let body = JSON.object([
            .init("status", .string(isReady ? "ready" : "not ready")),
            .init("checks", .object(checks.map { .init($0.0, .string($0.1)) })),
        ])
        var response = Response.json(body, status: isReady ? .ok : .serviceUnavailable)
        if !isReady { response.fields[.retryAfter] = "5" }
        return response
    }

    private static func check(_ context: Context, _ body: () throws -> Void) -> String {
        do {
            try body()
            return "ok"
        } catch let problem as Problem {
            return problem.detail
        } catch {
            context.logger.error("not ready", metadata: ["error": "\(error)"])
            return ProblemMapping.problem(for: error, context).detail
        }
    }

    private static func database(_ context: Context) throws {
        let applied = try context.connection.query(
            "SELECT MAX(version) FROM schema_migrations WHERE finished_at IS NOT NULL"
        ) {
            (row) throws(MariaDBError) in row.isNull(0) ? 0 : try row.integer(0)
        }
        let needed = Migration.embedded.last?.version ?? 0
        guard let version = applied.first, version >= Int64(needed) else {
            throw Problem.unavailable("The schema is older than this build: run 'mediad migrate'.")
        }
    }
}
