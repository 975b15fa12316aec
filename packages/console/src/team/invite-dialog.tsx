import { ClientelaError } from '@clientela/client';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useUser } from '../api/session.ts';
import { FormDialog } from '../forms/form-dialog.tsx';
import { roleText } from '../frame/roles.ts';
import { currentLanguage, languages, type Language } from '../messages/index.ts';
import { useIdempotencyKey } from '../forms/use-idempotency-key.ts';
import { useSubmit } from '../forms/use-submit.ts';
import styles from '../ui/bar.module.css';
import { Select } from '../ui/select.tsx';
import { TextField } from '../ui/text-field.tsx';
import { toast } from '../ui/toast.tsx';
import { invite } from './queries.ts';
import { grantable, type StaffRole } from './search.ts';

/** Invites a person by mail, with a role up to the own one. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { role: ownRole } = useUser();
  const [email, setEmail] = useState('');
  const [name, setName] = useState('');
  const [role, setRole] = useState<StaffRole>('viewer');
  const [language, setLanguage] = useState<Language>(currentLanguage());
  const keyFor = useIdempotencyKey();
  const { submit, error, isBusy } = useSubmit(async () => {
    const invitation = { email: email.trim(), role, language, name: name.trim() || null };
    await invite(invitation, keyFor(invitation));
    toast(t('team.invited', { email: email.trim() }));
    onClose();
  });
  const fields = error instanceof ClientelaError ? error.fields : {};
  const taken = error instanceof ClientelaError && error.code === 'USER_EMAIL_TAKEN';
  const emailError = taken ? t('errors.codes.USER_EMAIL_TAKEN') : fields['email'];
  const isDirty = email !== '' || name !== '';
  return (
    <FormDialog
      title={t('team.invite')}
      onClose={onClose}
      onSubmit={() => void submit()}
      submitText={t('team.sendInvitation')}
      error={taken ? undefined : error}
      shown={['email', 'name', 'role', 'language']}
      isDirty={isDirty}
      isBusy={isBusy}
    >
      <TextField
        label={t('common.email')}
        type="email"
        autoComplete="off"
        value={email}
        onChange={setEmail}
        error={emailError}
        isRequired
        autoFocus
      />
      <TextField
        label={t('team.nameOptional')}
        autoComplete="off"
        value={name}
        onChange={setName}
        error={fields['name']}
      />
      <div className={styles.pair}>
        <Select
          label={t('team.role')}
          value={role}
          onChange={setRole}
          error={fields['role']}
          options={grantable(ownRole).map((value) => ({ value, text: roleText(value, t) }))}
        />
        <Select
          label={t('team.mailLanguage')}
          value={language}
          onChange={setLanguage}
          error={fields['language']}
          options={Object.entries(languages).map(([value, text]) => ({ value: value as Language, text }))}
        />
      </div>
    </FormDialog>
  );
}
