interface CopyProps {
  /** Of the element that holds the text. */
  readonly id: string;
  /** What the text is. */
  readonly label: string;
  readonly text: string;
}

/** A text to copy; it breaks between words alone, scrolls where one is too long, by keyboard too. The script adds the button. */
export function CopyText({ id, label, text }: CopyProps) {
  return (
    <div class="copy">
      <pre id={id} tabindex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <CopyButton id={id} label={label} />
    </div>
  );
}

/** One line to copy, as it is in running text. */
export function CopyLine({ id, label, text }: CopyProps) {
  return (
    <div class="copy line">
      <code id={id} tabindex={0} role="region" aria-label={label}>
        {text}
      </code>
      <CopyButton id={id} label={label} />
    </div>
  );
}

function CopyButton({ id, label }: Omit<CopyProps, 'text'>) {
  return (
    <button type="button" data-copy={id} hidden>
      <span>Copy</span>
      <span class="unseen"> {label}</span>
    </button>
  );
}
