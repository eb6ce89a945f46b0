/* Stands in HylaFAX for faxsend, and takes no time: every job that faxq gives it is "sent" (send_done is 2). */
int main(void) { return 2; }
