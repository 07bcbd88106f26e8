import { alertmanagerService } from './alertmanager.ts'
import { kafkaService } from './kafka.ts'
import { lokiService } from './loki.ts'
import { maildevService } from './maildev.ts'
import { s3Service } from './s3.ts'
import { type Service, type ServiceName } from './service.ts'
import { shipperService } from './shipper.ts'
import { trackerService } from './tracker.ts'

/** Every service of the stack. */
export const SERVICES: Readonly<Record<ServiceName, Service>> = {
  s3: s3Service,
  kafka: kafkaService,
  loki: lokiService,
  alertmanager: alertmanagerService,
  maildev: maildevService,
  tracker: trackerService,
  shipper: shipperService,
}
