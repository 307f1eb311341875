/* A stand-in for bcryptprimitives.dll, for the private Wine prefix of the tests and for nothing else.
 *
 * Every Go program for Windows takes its random numbers from ProcessPrng in that library and stops at once when it cannot
 * be loaded. Wine has it since version 9; Debian 12 ships version 8. SystemFunction036 is the name under which advapi32
 * exports RtlGenRandom, which gives the same thing and which Wine 8 has. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length)
{
	while (length > 0) {
		ULONG part = length > 0x40000000 ? 0x40000000 : (ULONG)length;
		if (!SystemFunction036(buffer, part))
			return FALSE;
		buffer += part;
		length -= part;
	}
	return TRUE;
}
