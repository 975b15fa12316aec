import type { ApiKey, IssuedApiKey } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useShortcuts } from '../frame/shortcuts.ts';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Empty } from '../ui/empty.tsx';
import { Failure } from '../ui/failure.tsx';
import { formatNumber } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { Secret } from '../ui/secret.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { toast } from '../ui/toast.tsx';
import { KeysTable } from './keys-table.tsx';
import { NewKey } from './new-key.tsx';
import { keysQuery, revokeKey } from './queries.ts';
import { RotateKey } from './rotate-key.tsx';

type Step = { kind: 'new' } | { kind: 'rotate' | 'revoke'; of: ApiKey } | { kind: 'issued'; issued: IssuedApiKey };

/** The API keys of the company's programs. */
export function KeysPage() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(keysQuery);
  const [step, setStep] = useState<Step>();
  const close = () => setStep(undefined);
  const create = () => setStep({ kind: 'new' });
  const onIssued = (issued: IssuedApiKey) => setStep({ kind: 'issued', issued });
  useShortcuts({ c: create });
  return (
    <Page
      title={t('keys.title')}
      count={data && formatNumber(data.length)}
      actions={
        <Button look="primary" onPress={create} aria-keyshortcuts="c">
          <KeyRound size={16} strokeWidth={1.75} aria-hidden />
          {t('keys.new')}
        </Button>
      }
    >
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton lines={5} height={20} />}
      {data?.length === 0 && (
        <Empty actions={<Button onPress={create}>{t('keys.new')}</Button>}>{t('keys.none')}</Empty>
      )}
      {data && data.length > 0 && (
        <KeysTable
          keys={data}
          onRotate={(of) => setStep({ kind: 'rotate', of })}
          onRevoke={(of) => setStep({ kind: 'revoke', of })}
        />
      )}
      {step?.kind === 'new' && <NewKey onIssued={onIssued} onClose={close} />}
      {step?.kind === 'rotate' && <RotateKey apiKey={step.of} onIssued={onIssued} onClose={close} />}
      {step?.kind === 'revoke' && (
        <Confirm
          title={t('keys.revokeTitle', { name: step.of.name })}
          action={t('keys.revoke')}
          onClose={close}
          onConfirm={async () => {
            await revokeKey(step.of.id);
            toast(t('keys.revokedToast', { name: step.of.name }));
          }}
        >
          {t('keys.revokeHint')}
        </Confirm>
      )}
      {step?.kind === 'issued' && <Issued issued={step.issued} onClose={close} />}
    </Page>
  );
}

/** The key itself, this one time. */
function Issued({ issued, onClose }: { issued: IssuedApiKey; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog
      title={t('keys.issuedTitle', { name: issued.api_key.name })}
      isOpen
      isDismissable={false}
      isKeyboardDismissDisabled
      onClose={onClose}
    >
      <Notice kind="warning">{t('keys.once')}</Notice>
      <Secret label={t('keys.theKey')} lines={[issued.key]} />
      <div className={styles.buttons}>
        <Button look="primary" onPress={onClose}>
          {t('keys.stored')}
        </Button>
      </div>
    </Dialog>
  );
}
