/// What is counted beside answers.
package enum Counter: Int, CaseIterable, Sendable {
    case workersRunning
    case workersStarted
    case workersCrashed
    case workersStuck
    case reloads
    case clientsGone
    case headersTooLong
    case acceptsFailed
    case accessRefused
    case keyFetchesFailed
    case databaseRetries
    case databaseFailures
    case storageFailures
    case storesFailed
    case filesStored
    case bytesStored
    case uploadsRefused
    case uploadsSettled
    case publicationsSettled
    case recordsPurged
    case requestsReplayed
    case messagesAnswered
    case messagesUnknown
    case messagesDead
    case brokerLosses
    case filesInfected
    case filesUnscanned
    case eventsPublished
    case webhooksDelivered
    case webhooksFailed
    case eventsGivenUp
    case internalErrors

    var isGauge: Bool { self == .workersRunning }

    var metricName: String {
        switch self {
        case .workersRunning: "media_workers_running"
        case .workersStarted: "media_workers_started_total"
        case .workersCrashed: "media_workers_crashed_total"
        case .workersStuck: "media_requests_stuck_total"
        case .reloads: "media_reloads_total"
        case .clientsGone: "media_clients_gone_total"
        case .headersTooLong: "media_headers_too_long_total"
        case .acceptsFailed: "media_accepts_failed_total"
        case .accessRefused: "media_access_refused_total"
        case .keyFetchesFailed: "media_token_key_fetches_failed_total"
        case .databaseRetries: "media_database_retries_total"
        case .databaseFailures: "media_database_failures_total"
        case .storageFailures: "media_storage_failures_total"
        case .storesFailed: "media_store_reads_failed_total"
        case .filesStored: "media_files_stored_total"
        case .bytesStored: "media_bytes_stored_total"
        case .uploadsRefused: "media_uploads_refused_total"
        case .uploadsSettled: "media_uploads_settled_total"
        case .publicationsSettled: "media_publications_settled_total"
        case .recordsPurged: "media_records_purged_total"
        case .requestsReplayed: "media_requests_replayed_total"
        case .messagesAnswered: "media_messages_total"
        case .messagesDead: "media_messages_dead_total"
        case .brokerLosses: "media_broker_losses_total"
        case .messagesUnknown: "media_messages_unknown_total"
        case .filesInfected: "media_files_infected_total"
        case .filesUnscanned: "media_files_unscanned_total"
        case .eventsPublished: "media_events_published_total"
        case .webhooksDelivered: "media_webhook_deliveries_total"
        case .webhooksFailed: "media_webhook_failures_total"
        case .eventsGivenUp: "media_events_given_up_total"
        case .internalErrors: "media_internal_errors_total"
        }
    }

    var help: String {
        switch self {
        case .workersRunning: "Worker processes that run now."
        case .workersStarted: "Worker processes started."
        case .workersCrashed: "Worker processes that ended without being told to."
        case .workersStuck: "Requests that ran beyond their lane's limit."
        case .reloads: "Reloads carried out."
        case .clientsGone: "Answers whose client had gone."
        case .headersTooLong: "Requests refused for the length of their header fields."
        case .acceptsFailed: "Connections that could not be accepted."
        case .accessRefused: "Requests that the access policy refused."
        case .keyFetchesFailed: "Fetches of the token issuer's keys that failed."
        case .databaseRetries: "Statements and transactions that were tried again."
        case .databaseFailures: "Requests that failed because of MariaDB."
        case .storageFailures: "Requests that failed because of the store."
        case .storesFailed: "Files that a store elsewhere could not give."
        case .filesStored: "Files stored."
        case .bytesStored: "Bytes of the files stored."
        case .uploadsRefused: "Uploads refused."
        case .uploadsSettled: "Unfinished uploads that were cleaned up."
        case .publicationsSettled: "Public links that were made or removed after a crash."
        case .recordsPurged: "Deleted records that were removed for good."
        case .requestsReplayed: "Requests with an Idempotency-Key that were answered again."
        case .messagesAnswered: "Messages carried out, failed ones included."
        case .messagesDead: "Messages that were given up to the dead queue."
        case .brokerLosses: "Connections to the broker that were lost or could not be made."
        case .messagesUnknown: "Messages with a pattern that nothing answers."
        case .filesInfected: "Files in which clamd has found something."
        case .filesUnscanned: "Files that clamd could not be asked about, or does not take."
        case .eventsPublished: "Events that the broker has taken."
        case .webhooksDelivered: "Events that webhooks' receivers have taken."
        case .webhooksFailed: "Tries to deliver an event to a webhook that failed."
        case .eventsGivenUp: "Events that could not be delivered in all their time."
        case .internalErrors: "Answers with status 500."
        }
    }
}
