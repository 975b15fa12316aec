-- Invitations belong to the user who has their address in the company, however it joined, and are exported and erased with it.
update invitations i set user_id = u.id
  from users u where i.user_id is null and u.company_id = i.company_id and u.email_key = i.email_key;
comment on column invitations.user_id is 'technical: the user who has its address in the company';
