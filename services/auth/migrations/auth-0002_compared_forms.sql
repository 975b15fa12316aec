-- Compared forms of e-mail and document number: docs/adr/0020. Unique indexes and lookups use them, so two spellings are one value.

-- Removes spaces, dots, hyphens and invisible characters, a CNPJ's slash, and the check digit that a NIT or RUT of ten digits or more has.
create function compared_document(type text, number text) returns text
  language sql immutable
as $$
  select nullif(case when type in ('nit', 'rut') and cleaned ~ '^[0-9]{10,}$' then left(cleaned, -1) else cleaned end, '')
    from (
      select upper(regexp_replace(number, case type when 'cnpj' then '[/' else '[' end
        || '\s.\-\u00AD\u02D7\u034F\u058A\u05BE\u061C\u115F\u1160\u1400\u17B4\u17B5\u1806\u180B-\u180F\u200B-\u2015\u202A-\u202E\u2043\u2060-\u206F'
        || '\u207B\u208B\u2212\u2E17\u2E1A\u2E3A\u2E3B\u2E40\u2E5D\u301C\u3030\u30A0\u3164\uFE00-\uFE0F\uFE31\uFE32\uFE58\uFE63\uFEFF\uFF0D\uFFA0'
        || '\uFFF0-\uFFFB\U00010D6E\U00010EAD\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E0FFF]', '', 'g')) as cleaned
    ) as cleaning
$$;

drop index users_email_taken;
alter table companies drop constraint companies_document_number_taken;
-- One rewrite of each table: domains are stored in lower case from now on; generated columns fill the new ones, then become plain ones.
alter table users
  alter column email type text using left(email, strpos(email, '@')) || lower(substr(email, strpos(email, '@') + 1)),
  add column email_key text generated always as (lower(email)) stored;
alter table users alter column email_key drop expression;
comment on column users.email_key is 'personal: the e-mail as it is compared';
alter table companies add column document_key text generated always as (compared_document(document_type, document_number)) stored;
alter table companies alter column document_key drop expression;
comment on column companies.document_key is 'business: the document number as it is compared';

-- Keeps both of two records whose values are one by now: the older holds the value, the other has no compared form.
update users set email_key = null
  where id in (select id from (select id, row_number() over (partition by email_key order by created_at, id) from users) as u where row_number > 1);
update companies set document_key = null
  where id in (
    select id from (select id, row_number() over (partition by document_key order by created_at, id) from companies where document_key is not null) as c
     where row_number > 1);

-- Keeps the names of the indexes, which say the field of a conflict.
create unique index users_email_taken on users (email_key);
create unique index companies_document_number_taken on companies (document_key);

-- Runs in the database, so that every writer compares alike. An empty compared form stays empty until its field changes.
create function set_compared_email() returns trigger
  language plpgsql
  set search_path = public
as $$
begin
  if tg_op = 'INSERT' or new.email is distinct from old.email then
    new.email_key := lower(new.email);
  end if;
  return new;
end
$$;
create trigger users_compared_email before insert or update of email on users
  for each row execute function set_compared_email();

create function set_compared_document() returns trigger
  language plpgsql
  set search_path = public
as $$
begin
  if tg_op = 'INSERT' or (new.document_type, new.document_number) is distinct from (old.document_type, old.document_number) then
    new.document_key := compared_document(new.document_type, new.document_number);
  end if;
  return new;
end
$$;
create trigger companies_compared_document before insert or update of document_type, document_number on companies
  for each row execute function set_compared_document();
