-- Finds the pending invitations of an address in all companies, which end when a user gets it.
create index invitations_pending_email on invitations (email_key) where accepted_at is null and revoked_at is null;
