import type { Company } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';
import { companyQuery, saveCompany } from '../companies/queries.ts';
import { Conflict } from '../forms/conflict.tsx';
import { Form } from '../forms/form.tsx';
import { LeaveGuard } from '../forms/leave-guard.tsx';
import { useRecordForm } from '../forms/use-record-form.ts';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Checkbox } from '../ui/checkbox.tsx';
import { formatCode } from '../ui/format.ts';
import { Select } from '../ui/select.tsx';
import { TextField } from '../ui/text-field.tsx';
import { toast } from '../ui/toast.tsx';
import { bodyOf, companyFields, valuesOf, type CompanyValues } from './fields.ts';

/** What a code means, in the person's language. */
const meaningOf = (code: string, type: 'region' | 'currency'): string | undefined => {
  const meaning = formatCode(code, type);
  return meaning === code ? undefined : meaning;
};

export function CompanyForm({ company }: { company: Company }) {
  const { t } = useTranslation();
  const types = useQuery({
    queryKey: ['document-types'],
    queryFn: () => api.documentTypes.list(),
    staleTime: 3_600_000,
  });
  const stored = (from: Company) => ({ values: valuesOf(from), version: from.version });
  const form = useRecordForm<CompanyValues>({
    stored: stored(company),
    save: async (changes, version) => stored(await saveCompany(company.id, bodyOf(changes), version)),
    read: async () => stored(await queryClient.fetchQuery({ ...companyQuery(company.id), staleTime: 0 })),
    onSaved: (taken) => {
      const names = taken.map((key) => t(`settings.${key}` as 'settings.name'));
      toast(taken.length > 0 ? t('forms.savedWith', { fields: names.join(', ') }) : t('forms.saved'));
    },
  });
  const { draft, set, fields, conflicts, settle } = form;
  const field = (key: keyof CompanyValues) => ({
    label: t(`settings.${key}`),
    value: draft[key],
    onChange: set(key),
    error: fields[key],
  });
  const conflict = (key: keyof CompanyValues) => (
    <Conflict theirs={conflicts[key]} onTake={(value) => settle(key, value)} />
  );
  const toggle = (key: 'require_mfa' | 'open_registration') => (
    <div>
      <Checkbox isSelected={draft[key] === 'true'} onChange={(isOn) => set(key)(String(isOn))}>
        {t(`settings.${key}`)}
      </Checkbox>
      <p className={styles.hint}>{t(`settings.${key}_hint`)}</p>
      {conflict(key)}
    </div>
  );
  const documents = [
    { value: 'none', text: t('settings.noDocument') },
    ...(types.data ?? []).map(({ code, name }) => ({ value: code, text: `${code} – ${name}` })),
  ];
  return (
    <Form onSubmit={() => void form.submit()} error={form.error} shown={companyFields}>
      <div>
        <TextField {...field('name')} isRequired />
        {conflict('name')}
      </div>
      <div>
        <TextField {...field('business_name')} />
        {conflict('business_name')}
      </div>
      <div className={styles.pair}>
        <div>
          <Select
            {...field('document_type')}
            value={draft.document_type || 'none'}
            onChange={(value) => set('document_type')(value === 'none' ? '' : value)}
            options={documents}
          />
          {conflict('document_type')}
        </div>
        <div>
          <TextField {...field('document_number')} />
          {conflict('document_number')}
        </div>
      </div>
      <div className={styles.pair}>
        <div>
          <TextField {...field('country')} maxLength={2} description={meaningOf(draft.country, 'region')} />
          {conflict('country')}
        </div>
        <div>
          <TextField {...field('currency')} maxLength={3} description={meaningOf(draft.currency, 'currency')} />
          {conflict('currency')}
        </div>
      </div>
      {toggle('require_mfa')}
      {toggle('open_registration')}
      <div className={styles.buttons}>
        <Button type="submit" look="primary" isPending={form.isBusy} isDisabled={!form.isDirty}>
          {t('common.save')}
        </Button>
        {form.isDirty && <Button onPress={form.reset}>{t('forms.discard')}</Button>}
      </div>
      <LeaveGuard isDirty={form.isDirty} />
    </Form>
  );
}
