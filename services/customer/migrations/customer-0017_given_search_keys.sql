-- Who inserts a customer may give its search keys, which costs less than computing them here (docs/adr/0043). Else triggers compute them.
alter table customers alter column search_keys drop expression;

create function complete_new_customer() returns trigger
  language plpgsql
as $$
begin
  new.email_key := lower(new.email);
  new.phone_key := ltrim(new.phone, '+');
  if new.document_number is not null then
    new.document_key := public.compared_document(new.document_type, new.document_number);
  end if;
  if new.search_keys is null then
    new.search_keys := public.search_keys(new.search_text, new.tags);
  end if;
  return new;
end
$$;
drop trigger customers_compared_forms_of_new on customers;
drop function set_compared_forms_of_new();
create trigger customers_complete_new before insert on customers
  for each row execute function complete_new_customer();

create function set_search_keys() returns trigger
  language plpgsql
as $$
begin
  new.search_keys := public.search_keys(new.search_text, new.tags);
  return new;
end
$$;
create trigger customers_search_keys before update of search_text, tags on customers
  for each row when (new.search_text <> old.search_text or new.tags <> old.tags)
  execute function set_search_keys();
