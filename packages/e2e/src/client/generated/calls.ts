// Generated from the OpenAPI document by `npm run openapi`. Do not edit.

import type { Body, Clientela, OperationId, Query } from '@clientela/client';
import type {
  Agenda,
  ApiKeyList,
  ApiKeyRead,
  ApiKeyResponse,
  AuditLogPage,
  BatchResponse,
  ChangedUser,
  Company,
  CompanyAnalytics,
  CompanyList,
  CustomerAnalytics,
  CustomerAppointments,
  CustomerComplaints,
  CustomerCursorPage,
  CustomerOrders,
  CustomerPage,
  CustomerResponse,
  CustomerSeries,
  CustomerStatistics,
  DeletedFavorites,
  DocumentType,
  DocumentTypeList,
  ErasureReceiptResponse,
  ErasureRequestPage,
  ErasureRequestResponse,
  FailedEventPage,
  Favorite,
  FavoriteList,
  GatewayHealth,
  GatewayInfo,
  GatewayReadiness,
  HistoryPage,
  ImportPage,
  ImportResponse,
  InteractionCursorPage,
  InteractionPage,
  InteractionResponse,
  InteractionTypePage,
  InvitationList,
  InvitationPreview,
  InvitationResponse,
  IssuedApiKey,
  Job,
  JobList,
  Jwks,
  LabelList,
  Message,
  NotePage,
  PersonList,
  PersonalData,
  PopularProductList,
  ProductPage,
  ProductResponse,
  ProviderList,
  RecoveryCodes,
  RemovedUser,
  RoleList,
  SavedCustomerResponse,
  SavedErasureRequestResponse,
  SavedImportResponse,
  SavedInteractionResponse,
  SavedInteractionTypeResponse,
  SavedJobResponse,
  SavedNoteResponse,
  SavedProductResponse,
  SavedTagResponse,
  SavedTagsResponse,
  SavedTransactionResponse,
  SavedUserResponse,
  SecondFactorState,
  SessionList,
  SignInResponse,
  SourceImportResponse,
  TagList,
  Timeline,
  TotpSecret,
  TransactionCursorPage,
  TransactionPage,
  TransactionResponse,
  User,
  UserAnalytics,
  UserList,
  UserResponse,
} from '@clientela/client';

export type Sample<Id extends OperationId> = { path: string[]; query: Query<Id>; own: Partial<Body<Id>>; file: Blob };

/** Calls of every operation. A response that has another type than the document says does not compile. */
export const calls = {
  'api_keys.create': (client: Clientela, { own }: Sample<'api_keys.create'>): Promise<IssuedApiKey> =>
    client.apiKeys.create({ "name": "Web shop", "role": "manager", "permissions": ["customers:read","customers:create"], ...own }),
  'api_keys.get': (client: Clientela, { path: [key_id = ''] }: Sample<'api_keys.get'>): Promise<ApiKeyRead> =>
    client.apiKeys.get(key_id),
  'api_keys.list': (client: Clientela, { query }: Sample<'api_keys.list'>): Promise<ApiKeyList> =>
    client.apiKeys.list(query),
  'api_keys.revoke': (client: Clientela, { path: [key_id = ''] }: Sample<'api_keys.revoke'>): Promise<Message> =>
    client.apiKeys.revoke(key_id),
  'api_keys.rotate': (client: Clientela, { path: [key_id = ''], own }: Sample<'api_keys.rotate'>): Promise<IssuedApiKey> =>
    client.apiKeys.rotate(key_id, { "grace": "24h", ...own }),
  'api_keys.update': (client: Clientela, { path: [key_id = ''], own }: Sample<'api_keys.update'>): Promise<ApiKeyResponse> =>
    client.apiKeys.update(key_id, { "name": "Web shop", "allowed_ips": ["203.0.113.0/24"], ...own }),
  'audit_logs.list': (client: Clientela, { query }: Sample<'audit_logs.list'>): Promise<AuditLogPage> =>
    client.auditLogs.list(query),
  'auth.change_email': (client: Clientela, { own }: Sample<'auth.change_email'>): Promise<Message> =>
    client.auth.changeEmail({ "email": "ana.garcia@example.com", "current_password": "correct horse battery", ...own }),
  'auth.change_email.confirm': (client: Clientela, { own }: Sample<'auth.change_email.confirm'>): Promise<Message> =>
    client.auth.changeEmail.confirm({ "token": "of the link in the mail", ...own }),
  'auth.change_password': (client: Clientela, { own }: Sample<'auth.change_password'>): Promise<Message> =>
    client.auth.changePassword({ "current_password": "correct horse battery", "new_password": "a better horse battery", ...own }),
  'auth.forgot_password': (client: Clientela, { own }: Sample<'auth.forgot_password'>): Promise<Message> =>
    client.auth.forgotPassword({ "email": "ana@example.com", ...own }),
  'auth.identities.delete': (client: Clientela, { path: [identity_id = ''] }: Sample<'auth.identities.delete'>): Promise<Message> =>
    client.auth.identities.delete(identity_id),
  'auth.invitations.accept': (client: Clientela, { own }: Sample<'auth.invitations.accept'>): Promise<SignInResponse> =>
    client.auth.invitations.accept({ "token": "of the link in the mail", "name": "Ana García", "password": "correct horse battery", ...own }),
  'auth.invitations.look_up': (client: Clientela, { own }: Sample<'auth.invitations.look_up'>): Promise<InvitationPreview> =>
    client.auth.invitations.lookUp({ "token": "of the link in the mail", ...own }),
  'auth.login': (client: Clientela, { own }: Sample<'auth.login'>): Promise<SignInResponse> =>
    client.auth.login({ "email": "ana@example.com", "password": "correct horse battery", ...own }),
  'auth.login.mfa': (client: Clientela, { own }: Sample<'auth.login.mfa'>): Promise<SignInResponse> =>
    client.auth.login.mfa({ "mfa_token": "of the first step", "code": "492039", ...own }),
  'auth.logout': (client: Clientela): Promise<Message> =>
    client.auth.logout(),
  'auth.logout_all': (client: Clientela): Promise<Message> =>
    client.auth.logoutAll(),
  'auth.me.get': (client: Clientela): Promise<UserResponse> =>
    client.auth.me.get(),
  'auth.me.update': (client: Clientela, { own }: Sample<'auth.me.update'>): Promise<SavedUserResponse> =>
    client.auth.me.update({ "first_name": "Ana", "phone": "+34600111222", ...own }),
  'auth.mfa.get': (client: Clientela): Promise<SecondFactorState> =>
    client.auth.mfa.get(),
  'auth.mfa.recovery_codes.replace': (client: Clientela, { own }: Sample<'auth.mfa.recovery_codes.replace'>): Promise<RecoveryCodes> =>
    client.auth.mfa.recoveryCodes.replace({ "code": "492039", ...own }),
  'auth.mfa.totp.confirm': (client: Clientela, { own }: Sample<'auth.mfa.totp.confirm'>): Promise<RecoveryCodes> =>
    client.auth.mfa.totp.confirm({ "code": "492039", ...own }),
  'auth.mfa.totp.remove': (client: Clientela, { own }: Sample<'auth.mfa.totp.remove'>): Promise<Message> =>
    client.auth.mfa.totp.remove({ "current_password": "correct horse battery", "code": "492039", ...own }),
  'auth.mfa.totp.start': (client: Clientela, { own }: Sample<'auth.mfa.totp.start'>): Promise<TotpSecret> =>
    client.auth.mfa.totp.start({ "current_password": "correct horse battery", ...own }),
  'auth.oidc.exchange': (client: Clientela, { own }: Sample<'auth.oidc.exchange'>): Promise<SignInResponse> =>
    client.auth.oidc.exchange({ "code": "of the fragment", ...own }),
  'auth.oidc.list': (client: Clientela): Promise<ProviderList> =>
    client.auth.oidc.list(),
  'auth.refresh': (client: Clientela, { own }: Sample<'auth.refresh'>): Promise<SignInResponse> =>
    client.auth.refresh({ "refresh_token": "of the last sign-in or refresh", ...own }),
  'auth.register': (client: Clientela, { own }: Sample<'auth.register'>): Promise<SavedUserResponse> =>
    client.auth.register({ "email": "ana@example.com", "password": "correct horse battery", "name": "Ana García", "company_name": "Example Ltd", ...own }),
  'auth.reset_password': (client: Clientela, { own }: Sample<'auth.reset_password'>): Promise<Message> =>
    client.auth.resetPassword({ "token": "of the link in the mail", "new_password": "a better horse battery", ...own }),
  'auth.verify_email': (client: Clientela, { own }: Sample<'auth.verify_email'>): Promise<Message> =>
    client.auth.verifyEmail({ "token": "of the link in the mail", ...own }),
  'auth.verify_email.request': (client: Clientela): Promise<Message> =>
    client.auth.verifyEmail.request(),
  'avatars.get': (client: Clientela, { path: [name = ''] }: Sample<'avatars.get'>): Promise<ReadableStream<Uint8Array>> =>
    client.avatars.get(name),
  'companies.analytics.get': (client: Clientela): Promise<CompanyAnalytics> =>
    client.companies.analytics.get(),
  'companies.create': (client: Clientela, { own }: Sample<'companies.create'>): Promise<Company> =>
    client.companies.create({ "name": "Example Ltd", "country": "ES", "currency": "EUR", ...own }),
  'companies.delete': (client: Clientela, { path: [company_id = ''] }: Sample<'companies.delete'>): Promise<Message> =>
    client.companies.delete(company_id),
  'companies.get': (client: Clientela, { path: [company_id = ''] }: Sample<'companies.get'>): Promise<Company> =>
    client.companies.get(company_id),
  'companies.list': (client: Clientela, { query }: Sample<'companies.list'>): Promise<CompanyList> =>
    client.companies.list(query),
  'companies.update': (client: Clientela, { path: [company_id = ''], own }: Sample<'companies.update'>): Promise<Company> =>
    client.companies.update(company_id, { "business_name": "Example Limited", ...own }),
  'customers.activate': (client: Clientela, { path: [customer_id = ''] }: Sample<'customers.activate'>): Promise<SavedCustomerResponse> =>
    client.customers.activate(customer_id),
  'customers.analytics.get': (client: Clientela): Promise<CustomerAnalytics> =>
    client.customers.analytics.get(),
  'customers.analytics.series.get': (client: Clientela, { query }: Sample<'customers.analytics.series.get'>): Promise<CustomerSeries> =>
    client.customers.analytics.series.get(query),
  'customers.appointments.list': (client: Clientela, { path: [customer_id = ''], query }: Sample<'customers.appointments.list'>): Promise<CustomerAppointments> =>
    client.customers.appointments.list(customer_id, query),
  'customers.avatar.remove': (client: Clientela, { path: [customer_id = ''] }: Sample<'customers.avatar.remove'>): Promise<SavedCustomerResponse> =>
    client.customers.avatar.remove(customer_id),
  'customers.avatar.set': (client: Clientela, { path: [customer_id = ''], file }: Sample<'customers.avatar.set'>): Promise<SavedCustomerResponse> =>
    client.customers.avatar.set(customer_id, file),
  'customers.batch': (client: Clientela, { own, query }: Sample<'customers.batch'>): Promise<BatchResponse> =>
    client.customers.batch({ "operations": [{"op":"create","data":{"full_name":"Ana García","email":"ana@example.com"}}], ...own }, { query }),
  'customers.complaints.list': (client: Clientela, { path: [customer_id = ''], query }: Sample<'customers.complaints.list'>): Promise<CustomerComplaints> =>
    client.customers.complaints.list(customer_id, query),
  'customers.create': (client: Clientela, { own }: Sample<'customers.create'>): Promise<SavedCustomerResponse> =>
    client.customers.create({ "full_name": "Ana García", "email": "ana@example.com", "phone": "+34600111222", "tags": ["VIP"], ...own }),
  'customers.delete': (client: Clientela, { path: [customer_id = ''], query }: Sample<'customers.delete'>): Promise<Message> =>
    client.customers.delete(customer_id, { query }),
  'customers.export_csv': (client: Clientela, { query }: Sample<'customers.export_csv'>): Promise<ReadableStream<Uint8Array>> =>
    client.customers.exportCsv(query),
  'customers.export_jsonl': (client: Clientela, { query }: Sample<'customers.export_jsonl'>): Promise<ReadableStream<Uint8Array>> =>
    client.customers.exportJsonl(query),
  'customers.get': (client: Clientela, { path: [customer_id = ''] }: Sample<'customers.get'>): Promise<CustomerResponse> =>
    client.customers.get(customer_id),
  'customers.history.list': (client: Clientela, { path: [customer_id = ''], query }: Sample<'customers.history.list'>): Promise<HistoryPage> =>
    client.customers.history.list(customer_id, query),
  'customers.interactions.create': (client: Clientela, { path: [customer_id = ''], own }: Sample<'customers.interactions.create'>): Promise<SavedInteractionResponse> =>
    client.customers.interactions.create(customer_id, { "type": "call", "notes": "Asked about the new price list", ...own }),
  'customers.interactions.delete': (client: Clientela, { path: [customer_id = '', interaction_id = ''] }: Sample<'customers.interactions.delete'>): Promise<Message> =>
    client.customers.interactions.delete(customer_id, interaction_id),
  'customers.interactions.get': (client: Clientela, { path: [customer_id = '', interaction_id = ''] }: Sample<'customers.interactions.get'>): Promise<InteractionResponse> =>
    client.customers.interactions.get(customer_id, interaction_id),
  'customers.interactions.list': (client: Clientela, { path: [customer_id = ''], query }: Sample<'customers.interactions.list'>): Promise<InteractionPage | InteractionCursorPage> =>
    client.customers.interactions.list(customer_id, query),
  'customers.interactions.put': (client: Clientela, { path: [customer_id = '', interaction_id = ''], own }: Sample<'customers.interactions.put'>): Promise<SavedInteractionResponse> =>
    client.customers.interactions.put(customer_id, interaction_id, { "notes": "Asked about the new price list; wants a visit", ...own }),
  'customers.interactions.update': (client: Clientela, { path: [customer_id = '', interaction_id = ''], own }: Sample<'customers.interactions.update'>): Promise<SavedInteractionResponse> =>
    client.customers.interactions.update(customer_id, interaction_id, { "notes": "Asked about the new price list; wants a visit", ...own }),
  'customers.list': (client: Clientela, { query }: Sample<'customers.list'>): Promise<CustomerPage | CustomerCursorPage> =>
    client.customers.list(query),
  'customers.me.get': (client: Clientela): Promise<CustomerResponse> =>
    client.customers.me.get(),
  'customers.me.statistics.get': (client: Clientela): Promise<CustomerStatistics> =>
    client.customers.me.statistics.get(),
  'customers.me.update': (client: Clientela, { own }: Sample<'customers.me.update'>): Promise<SavedCustomerResponse> =>
    client.customers.me.update({ "full_name": "Ana García", "preferences": {"language":"es"}, ...own }),
  'customers.notes.add': (client: Clientela, { path: [customer_id = ''], own }: Sample<'customers.notes.add'>): Promise<SavedNoteResponse> =>
    client.customers.notes.add(customer_id, { "content": "Prefers to be called in the morning", ...own }),
  'customers.notes.list': (client: Clientela, { path: [customer_id = ''], query }: Sample<'customers.notes.list'>): Promise<NotePage> =>
    client.customers.notes.list(customer_id, query),
  'customers.notes.remove': (client: Clientela, { path: [customer_id = '', note_id = ''] }: Sample<'customers.notes.remove'>): Promise<Message> =>
    client.customers.notes.remove(customer_id, note_id),
  'customers.orders.list': (client: Clientela, { path: [customer_id = ''], query }: Sample<'customers.orders.list'>): Promise<CustomerOrders> =>
    client.customers.orders.list(customer_id, query),
  'customers.put': (client: Clientela, { path: [customer_id = ''], own }: Sample<'customers.put'>): Promise<SavedCustomerResponse> =>
    client.customers.put(customer_id, { "full_name": "Ana García", "address": {"city":"Madrid","country":"Spain"}, ...own }),
  'customers.search': (client: Clientela, { query }: Sample<'customers.search'>): Promise<CustomerPage> =>
    client.customers.search(query),
  'customers.set_status': (client: Clientela, { path: [customer_id = ''], own }: Sample<'customers.set_status'>): Promise<SavedCustomerResponse> =>
    client.customers.setStatus(customer_id, { "status": "suspended", "reason": "Unpaid invoices", ...own }),
  'customers.set_type': (client: Clientela, { path: [customer_id = ''], own }: Sample<'customers.set_type'>): Promise<SavedCustomerResponse> =>
    client.customers.setType(customer_id, { "type": "vip", ...own }),
  'customers.statistics.get': (client: Clientela, { path: [customer_id = ''] }: Sample<'customers.statistics.get'>): Promise<CustomerStatistics> =>
    client.customers.statistics.get(customer_id),
  'customers.tags.add': (client: Clientela, { path: [customer_id = ''], own }: Sample<'customers.tags.add'>): Promise<SavedTagResponse | SavedTagsResponse> =>
    client.customers.tags.add(customer_id, { "label": "VIP", "color": "#FFD700", "priority": 1, ...own }),
  'customers.tags.list': (client: Clientela, { path: [customer_id = ''] }: Sample<'customers.tags.list'>): Promise<TagList> =>
    client.customers.tags.list(customer_id),
  'customers.tags.remove': (client: Clientela, { path: [customer_id = '', tag_id = ''] }: Sample<'customers.tags.remove'>): Promise<Message> =>
    client.customers.tags.remove(customer_id, tag_id),
  'customers.timeline.list': (client: Clientela, { path: [customer_id = ''], query }: Sample<'customers.timeline.list'>): Promise<Timeline> =>
    client.customers.timeline.list(customer_id, query),
  'customers.transactions.create': (client: Clientela, { path: [customer_id = ''], own }: Sample<'customers.transactions.create'>): Promise<SavedTransactionResponse> =>
    client.customers.transactions.create(customer_id, { "kind": "order", "direction": "in", "amount": "1234.50", "currency": "EUR", "order_id": "A-1001", ...own }),
  'customers.transactions.get': (client: Clientela, { path: [customer_id = '', transaction_id = ''] }: Sample<'customers.transactions.get'>): Promise<TransactionResponse> =>
    client.customers.transactions.get(customer_id, transaction_id),
  'customers.transactions.list': (client: Clientela, { path: [customer_id = ''], query }: Sample<'customers.transactions.list'>): Promise<TransactionPage | TransactionCursorPage> =>
    client.customers.transactions.list(customer_id, query),
  'customers.transactions.update': (client: Clientela, { path: [customer_id = '', transaction_id = ''], own }: Sample<'customers.transactions.update'>): Promise<SavedTransactionResponse> =>
    client.customers.transactions.update(customer_id, transaction_id, { "description": "Paid by card", ...own }),
  'customers.update': (client: Clientela, { path: [customer_id = ''], own }: Sample<'customers.update'>): Promise<SavedCustomerResponse> =>
    client.customers.update(customer_id, { "full_name": "Ana García", "address": {"city":"Madrid","country":"Spain"}, ...own }),
  'document_types.create': (client: Clientela, { own }: Sample<'document_types.create'>): Promise<DocumentType> =>
    client.documentTypes.create({ "code": "passport_es", "name": "Passport", "country_code": "ES", ...own }),
  'document_types.list': (client: Clientela): Promise<DocumentTypeList> =>
    client.documentTypes.list(),
  'document_types.update': (client: Clientela, { path: [code = ''], own }: Sample<'document_types.update'>): Promise<DocumentType> =>
    client.documentTypes.update(code, { "description": "With its letters", ...own }),
  'events.failed.drop': (client: Clientela, { path: [event_id = ''], own }: Sample<'events.failed.drop'>): Promise<Message> =>
    client.events.failed.drop(event_id, { "reason": "Its subscriber no longer exists", ...own }),
  'events.failed.list': (client: Clientela, { query }: Sample<'events.failed.list'>): Promise<FailedEventPage> =>
    client.events.failed.list(query),
  'events.failed.resend': (client: Clientela, { path: [event_id = ''] }: Sample<'events.failed.resend'>): Promise<Message> =>
    client.events.failed.resend(event_id),
  'favorites.add': (client: Clientela, { own }: Sample<'favorites.add'>): Promise<Favorite> =>
    client.favorites.add({ "user_id": 10000000, "item_id": 10000000, ...own }),
  'favorites.list': (client: Clientela, { query }: Sample<'favorites.list'>): Promise<FavoriteList> =>
    client.favorites.list(query),
  'favorites.list_popular': (client: Clientela, { query }: Sample<'favorites.list_popular'>): Promise<PopularProductList> =>
    client.favorites.listPopular(query),
  'favorites.remove': (client: Clientela, { own }: Sample<'favorites.remove'>): Promise<DeletedFavorites> =>
    client.favorites.remove({ "id": [1,2], ...own }),
  'gateway.get': (client: Clientela): Promise<GatewayInfo> =>
    client.gateway.get(),
  'gateway.health.get': (client: Clientela): Promise<GatewayHealth> =>
    client.gateway.health.get(),
  'gateway.readiness.get': (client: Clientela, { query }: Sample<'gateway.readiness.get'>): Promise<GatewayReadiness> =>
    client.gateway.readiness.get(query),
  'gdpr.erase': (client: Clientela, { own, query }: Sample<'gdpr.erase'>): Promise<SavedErasureRequestResponse> =>
    client.gdpr.erase({ "customer_id": "018f6f2a-0000-7000-8000-000000000001", ...own }, { query }),
  'gdpr.export': (client: Clientela, { own }: Sample<'gdpr.export'>): Promise<PersonalData> =>
    client.gdpr.export({ "customer_id": "018f6f2a-0000-7000-8000-000000000001", ...own }),
  'gdpr.receipts.get': (client: Clientela, { path: [request_id = ''] }: Sample<'gdpr.receipts.get'>): Promise<ErasureReceiptResponse> =>
    client.gdpr.receipts.get(request_id),
  'gdpr.requests.get': (client: Clientela, { path: [request_id = ''] }: Sample<'gdpr.requests.get'>): Promise<ErasureRequestResponse> =>
    client.gdpr.requests.get(request_id),
  'gdpr.requests.list': (client: Clientela, { query }: Sample<'gdpr.requests.list'>): Promise<ErasureRequestPage> =>
    client.gdpr.requests.list(query),
  'imports.cancel': (client: Clientela, { path: [import_id = ''] }: Sample<'imports.cancel'>): Promise<SavedImportResponse> =>
    client.imports.cancel(import_id),
  'imports.errors.get': (client: Clientela, { path: [import_id = ''] }: Sample<'imports.errors.get'>): Promise<ReadableStream<Uint8Array>> =>
    client.imports.errors.get(import_id),
  'imports.follow': (client: Clientela, { path: [import_id = ''] }: Sample<'imports.follow'>): Promise<ReadableStream<Uint8Array>> =>
    client.imports.follow(import_id),
  'imports.get': (client: Clientela, { path: [import_id = ''] }: Sample<'imports.get'>): Promise<ImportResponse> =>
    client.imports.get(import_id),
  'imports.list': (client: Clientela, { query }: Sample<'imports.list'>): Promise<ImportPage> =>
    client.imports.list(query),
  'imports.start': (client: Clientela, { file, query }: Sample<'imports.start'>): Promise<SavedImportResponse> =>
    client.imports.start(file, { query }),
  'imports.undo': (client: Clientela, { path: [import_id = ''] }: Sample<'imports.undo'>): Promise<SavedJobResponse> =>
    client.imports.undo(import_id),
  'imports.undo_report.get': (client: Clientela, { path: [import_id = ''] }: Sample<'imports.undo_report.get'>): Promise<ReadableStream<Uint8Array>> =>
    client.imports.undoReport.get(import_id),
  'imports.vaptekesync.run': (client: Clientela): Promise<SourceImportResponse> =>
    client.imports.vaptekesync.run(),
  'imports.vaptekesync.run_by_get': (client: Clientela): Promise<SourceImportResponse> =>
    client.imports.vaptekesync.runByGet(),
  'interaction_types.create': (client: Clientela, { own }: Sample<'interaction_types.create'>): Promise<SavedInteractionTypeResponse> =>
    client.interactionTypes.create({ "name": "site visit", ...own }),
  'interaction_types.list': (client: Clientela, { query }: Sample<'interaction_types.list'>): Promise<InteractionTypePage> =>
    client.interactionTypes.list(query),
  'interactions.agenda.get': (client: Clientela, { query }: Sample<'interactions.agenda.get'>): Promise<Agenda> =>
    client.interactions.agenda.get(query),
  'interactions.list': (client: Clientela, { query }: Sample<'interactions.list'>): Promise<InteractionPage | InteractionCursorPage> =>
    client.interactions.list(query),
  'invitations.create': (client: Clientela, { own }: Sample<'invitations.create'>): Promise<InvitationResponse> =>
    client.invitations.create({ "email": "ana@example.com", "role": "viewer", "name": "Ana García", "language": "es", ...own }),
  'invitations.list': (client: Clientela, { query }: Sample<'invitations.list'>): Promise<InvitationList> =>
    client.invitations.list(query),
  'invitations.resend': (client: Clientela, { path: [invitation_id = ''] }: Sample<'invitations.resend'>): Promise<InvitationResponse> =>
    client.invitations.resend(invitation_id),
  'invitations.revoke': (client: Clientela, { path: [invitation_id = ''] }: Sample<'invitations.revoke'>): Promise<Message> =>
    client.invitations.revoke(invitation_id),
  'jobs.cancel': (client: Clientela, { path: [job_id = ''] }: Sample<'jobs.cancel'>): Promise<Job> =>
    client.jobs.cancel(job_id),
  'jobs.get': (client: Clientela, { path: [job_id = ''] }: Sample<'jobs.get'>): Promise<Job> =>
    client.jobs.get(job_id),
  'jobs.list': (client: Clientela, { query }: Sample<'jobs.list'>): Promise<JobList> =>
    client.jobs.list(query),
  'people.list': (client: Clientela, { query }: Sample<'people.list'>): Promise<PersonList> =>
    client.people.list(query),
  'products.activate': (client: Clientela, { path: [product_id = ''] }: Sample<'products.activate'>): Promise<SavedProductResponse> =>
    client.products.activate(product_id),
  'products.create': (client: Clientela, { own }: Sample<'products.create'>): Promise<SavedProductResponse> =>
    client.products.create({ "name": "Annual support", "type": "service", "price": "120.00", "currency": "EUR", "sku": "SUP-12", ...own }),
  'products.delete': (client: Clientela, { path: [product_id = ''], query }: Sample<'products.delete'>): Promise<Message> =>
    client.products.delete(product_id, { query }),
  'products.get': (client: Clientela, { path: [product_id = ''] }: Sample<'products.get'>): Promise<ProductResponse> =>
    client.products.get(product_id),
  'products.list': (client: Clientela, { query }: Sample<'products.list'>): Promise<ProductPage> =>
    client.products.list(query),
  'products.put': (client: Clientela, { path: [product_id = ''], own }: Sample<'products.put'>): Promise<SavedProductResponse> =>
    client.products.put(product_id, { "price": "130.00", ...own }),
  'products.update': (client: Clientela, { path: [product_id = ''], own }: Sample<'products.update'>): Promise<SavedProductResponse> =>
    client.products.update(product_id, { "price": "130.00", ...own }),
  'roles.list': (client: Clientela): Promise<RoleList> =>
    client.roles.list(),
  'sessions.end': (client: Clientela, { path: [session_id = ''] }: Sample<'sessions.end'>): Promise<Message> =>
    client.sessions.end(session_id),
  'sessions.list': (client: Clientela): Promise<SessionList> =>
    client.sessions.list(),
  'signing_keys.list': (client: Clientela): Promise<Jwks> =>
    client.signingKeys.list(),
  'tags.add': (client: Clientela, { own }: Sample<'tags.add'>): Promise<SavedTagResponse | SavedTagsResponse> =>
    client.tags.add({ "customer_id": "018f6f2a-0000-7000-8000-000000000001", "label": "VIP", "color": "#FFD700", "priority": 1, ...own }),
  'tags.labels.list': (client: Clientela, { query }: Sample<'tags.labels.list'>): Promise<LabelList> =>
    client.tags.labels.list(query),
  'tags.remove': (client: Clientela, { path: [tag_id = ''] }: Sample<'tags.remove'>): Promise<Message> =>
    client.tags.remove(tag_id),
  'transactions.list': (client: Clientela, { query }: Sample<'transactions.list'>): Promise<TransactionPage | TransactionCursorPage> =>
    client.transactions.list(query),
  'users.analytics.get': (client: Clientela): Promise<UserAnalytics> =>
    client.users.analytics.get(),
  'users.create': (client: Clientela, { own }: Sample<'users.create'>): Promise<User | InvitationResponse> =>
    client.users.create({ "email": "ana@example.com", "password": "correct horse battery", "first_name": "Ana", "role": "viewer", ...own }),
  'users.delete': (client: Clientela, { path: [user_id = ''], query }: Sample<'users.delete'>): Promise<RemovedUser> =>
    client.users.delete(user_id, { query }),
  'users.get': (client: Clientela, { path: [user_id = ''] }: Sample<'users.get'>): Promise<User> =>
    client.users.get(user_id),
  'users.list': (client: Clientela, { query }: Sample<'users.list'>): Promise<UserList> =>
    client.users.list(query),
  'users.mfa.reset': (client: Clientela, { path: [user_id = ''] }: Sample<'users.mfa.reset'>): Promise<Message> =>
    client.users.mfa.reset(user_id),
  'users.update': (client: Clientela, { path: [user_id = ''], own, query }: Sample<'users.update'>): Promise<ChangedUser> =>
    client.users.update(user_id, { "first_name": "Ana", "phone": "+34600111222", ...own }, { query }),
};
