"""The words of messages: catalogues, one layout, mails, short texts."""
