import { ClientelaError, type IssuedApiKey, type NewApiKey } from '@clientela/client';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FormDialog } from '../forms/form-dialog.tsx';
import { roleText } from '../frame/roles.ts';
import { useSubmit } from '../forms/use-submit.ts';
import styles from '../ui/bar.module.css';
import { Checkbox } from '../ui/checkbox.tsx';
import { Select } from '../ui/select.tsx';
import { TextField } from '../ui/text-field.tsx';
import { PermissionChoice } from './permission-choice.tsx';
import { createKey } from './queries.ts';

const roles = ['viewer', 'manager', 'admin'] as const;
const terms = ['30', '90', '365', '730'] as const;
/** The longest term less an hour, as clocks differ. */
const endOf = (days: number) => new Date(Date.now() + days * 86_400_000 - 3_600_000).toISOString();

/** Creates a key: a role, or a part of what it may do, for a time. */
export function NewKey({ onIssued, onClose }: { onIssued: (issued: IssuedApiKey) => void; onClose: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [role, setRole] = useState<NewApiKey['role']>('viewer');
  const [term, setTerm] = useState<(typeof terms)[number]>('365');
  const [isPart, setPart] = useState(false);
  const [permissions, setPermissions] = useState<readonly string[]>([]);
  const { submit, error, isBusy } = useSubmit(async () => {
    const part = isPart ? { permissions: [...permissions] as NonNullable<NewApiKey['permissions']> } : {};
    onIssued(await createKey({ name: name.trim(), role, expires_at: endOf(Number(term)), ...part }));
  });
  const fields = error instanceof ClientelaError ? error.fields : {};
  const isDirty = name !== '' || permissions.length > 0;
  return (
    <FormDialog
      title={t('keys.new')}
      isWide
      onClose={onClose}
      onSubmit={() => void submit()}
      submitText={t('keys.create')}
      isSubmitDisabled={isPart && permissions.length === 0}
      error={error}
      shown={['name', 'role']}
      isDirty={isDirty}
      isBusy={isBusy}
    >
      <TextField
        label={t('common.name')}
        description={t('keys.nameHint')}
        value={name}
        onChange={setName}
        error={fields['name']}
        isRequired
        autoFocus
        maxLength={100}
      />
      <div className={styles.pair}>
        <Select
          label={t('keys.role')}
          value={role}
          onChange={(chosen) => {
            setRole(chosen);
            setPermissions([]);
          }}
          error={fields['role']}
          options={roles.map((value) => ({ value, text: roleText(value, t) }))}
        />
        <Select
          label={t('keys.term')}
          value={term}
          onChange={setTerm}
          options={terms.map((value) => ({ value, text: t(`keys.terms.${value}`) }))}
        />
      </div>
      <Checkbox isSelected={isPart} onChange={setPart}>
        {t('keys.part')}
      </Checkbox>
      {isPart && <PermissionChoice role={role} chosen={permissions} onChange={setPermissions} />}
    </FormDialog>
  );
}
